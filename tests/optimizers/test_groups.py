"""Groups: which arrays, and what is done to them, worked out by hand."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from sparsernn.errors import SpecError
from sparsernn.masks import Prunable
from sparsernn.optimizers.groups import Member, ParameterGroup, members
from sparsernn.optimizers.sgd import SGD

PRUNABLES = (Prunable("cell0/recurrent", "recurrent", 1, 1, 2), Prunable("cell0/input", "input", 1, 1, 1))
WEIGHTS = {"cell0": {"bias": jnp.ones(1), "input": jnp.ones((1, 1, 1)), "recurrent": jnp.ones((1, 1, 2))}}
TRAINED = ({}, {"positions": jnp.ones(2), "radius": jnp.ones(1)})
# the leaves: bias, input, recurrent, trained/1/positions, trained/1/radius


def member_groups(*wheres):
    found = members([ParameterGroup(tuple(where)) for where in wheres], PRUNABLES, (WEIGHTS, TRAINED))
    assert [m.weight for m in found] == [True, True, True, False, False]
    return [m.group for m in found]


@pytest.mark.parametrize(
    ("wheres", "expected"),
    [
        ([], [None] * 5),
        ([["recurrent"]], [None, None, 0, None, None]),
        ([["cell0/bias", "input"]], [0, 0, None, None, None]),
        ([["recurrent", "cell0/recurrent"]], [None, None, 0, None, None]),
        ([["trained"], ["input"]], [None, 1, None, 0, 0]),
        ([["trained/1/radius"], ["trained/1/positions"]], [None, None, None, 1, 0]),
        ([["trained/1"]], [None, None, None, 0, 0]),
    ],
)
def test_what_a_where_names(wheres, expected):
    assert member_groups(*wheres) == expected


def test_a_where_that_names_nothing_and_an_array_in_two_groups():
    with pytest.raises(SpecError) as caught:
        member_groups(["recurent"], ["trained/0"], ["input"], ["cell0/input"])
    said = "\n".join(caught.value.problems)
    assert '0: "recurent" names no array of this run, did you mean "recurrent"?' in said
    assert '1: "trained/0" names no array' in said
    assert '3: "cell0/input" is in group 2 too' in said
    assert "cell0/bias" in said, "it says what there is"
    assert len(caught.value.problems) == 3


def moved(optimizer, scale=1.0):
    """One step at learning rate 0.1 with all gradients `scale`; the changes of the five arrays."""
    parameters = (WEIGHTS, TRAINED)
    gradients = (
        {"cell0": {name: scale * a for name, a in WEIGHTS["cell0"].items()}},
        ({}, {name: scale * a for name, a in TRAINED[1].items()}),
    )
    norm = optax.tree_utils.tree_norm(gradients)
    ((weights, trained), _) = optimizer.move(
        gradients, norm, optimizer.init(parameters, {}), parameters, jnp.float32(0.1), PRUNABLES
    )
    now = [*(weights["cell0"][n] for n in ("bias", "input", "recurrent")), *trained[1].values()]
    assert all((a == a.ravel()[0]).all() for a in now)
    return [float(a.ravel()[0]) - 1 for a in now]


def test_factors_and_decays():
    """w - eta f (g + d w), of weights 1 with gradients 1: the change is -eta f (1 + d)."""
    groups = (
        ParameterGroup(("recurrent",), learning_rate_factor=0.5),
        ParameterGroup(("input",), weight_decay=0.0),
        ParameterGroup(("trained/1/radius",), learning_rate_factor=2.0, weight_decay=0.5),
        ParameterGroup(("trained/1/positions",), learning_rate_factor=3.0),
    )
    changes = moved(SGD(learning_rate=0.1, weight_decay=0.25, groups=groups))
    expected = [-0.1 * 1.25, -0.1, -0.05 * 1.25, -0.3, -0.2 * 1.5]
    np.testing.assert_allclose(changes, expected, rtol=1e-6)
    still = moved(SGD(learning_rate=0.1, groups=(ParameterGroup(("recurrent",), learning_rate_factor=0.0),)))
    np.testing.assert_allclose(still, [-0.1, -0.1, 0, -0.1, -0.1], rtol=1e-6)


def test_a_group_with_a_norm_is_clipped_by_itself():
    """Two recurrent entries have norm 6 sqrt 2 -> 1; the other five, norm 6 sqrt 5 -> 3."""
    groups = (ParameterGroup(("recurrent",), clip_norm=1.0),)
    changes = moved(SGD(learning_rate=0.1, clip_norm=3.0, groups=groups), scale=6.0)
    rest = -0.1 * 3 / 5**0.5
    np.testing.assert_allclose(changes, [rest, rest, -0.1 / 2**0.5, rest, rest], rtol=1e-5)
    unclipped = moved(SGD(learning_rate=0.1, groups=groups), scale=6.0)
    np.testing.assert_allclose(unclipped, [-0.6, -0.6, -0.1 / 2**0.5, -0.6, -0.6], rtol=1e-5)
    assert Member(None, True) in members(groups, PRUNABLES, (WEIGHTS, TRAINED))
