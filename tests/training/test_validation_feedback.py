"""What an optimizer makes of validation: the same bits after a kill, one compiled update, averages that are saved."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn import read_spec, rng, run
from sparsernn.errors import SpecError
from sparsernn.sparsifiers.base import Clock
from sparsernn.training import loop
from sparsernn.training.first_weights import first_masks, first_weights
from sparsernn.training.product import Product

OPTIMIZER = {
    "sgd": {
        "learning_rate": 0.4,
        "decay": "constant",
        "averaging": {"checks": 1},
        "plateau": {"divisor": 2.0},
        "groups": [{"where": ["recurrent"], "learning_rate_factor": 0.5, "weight_decay": 1e-3}],
    }
}


@pytest.fixture(scope="module")
def spec(tiny):
    return tiny(
        optimizer=OPTIMIZER,
        epochs=8,
        sparsifier={"rewirer": {"schedule": {"every_steps": {"every": 3}}, "density": 0.5, "drop_fraction": 0.3}},
    )


@pytest.fixture(scope="module")
def whole(spec, tmp_path_factory):
    return run(spec, tmp_path_factory.mktemp("whole"))


def test_the_rate_is_divided_wherever_validation_did_not_gain(whole):
    history = whole.history()
    best, rate = np.inf, 0.4
    assert (history["learning_rate"] < 0.4).any()
    for value, now in zip(history["validation_loss"], history["learning_rate"], strict=True):
        assert now == pytest.approx(rate, rel=1e-6)
        if value < best:
            best = value
        else:
            rate /= 2


def test_averaging_begins_by_the_rule_and_the_averages_are_saved(spec, whole):
    history = whole.history()
    values, averaged = history["validation_loss"], history["averaged"]
    first = next(t for t in range(2, 8) if values[t] > values[: t - 1].min())
    np.testing.assert_array_equal(averaged, np.arange(8) > first)
    arrays = whole.checkpoint().arrays
    mean, raw = (arrays[f"{room}/cell0/bias"] for room in ("opt_state/average/mean", "weights"))
    assert (mean != raw).any()
    assert int(arrays["opt_state/average/since"]) == 4 * (first + 1)
    age = arrays["opt_state/average/age/cell0/recurrent"]
    masks = arrays["sparse/masks/cell0/recurrent"]
    assert age[masks].min() < age.max() == 4 * (7 - first), "connections born since then are younger"


@pytest.mark.parametrize("stops", [(3, 17), (25,)])
def test_killed_and_resumed_is_the_same_bit_for_bit(spec, whole, same, tmp_path, stops):
    for step in stops:
        assert run(spec, tmp_path, until=Clock(step, 0, 4, 8)).outcome.name == "paused"
    same(whole, run(spec, tmp_path))


def test_all_of_it_is_one_compiled_update(spec, tmp_path):
    before = loop._segment._cache_size()
    run(spec, tmp_path)
    assert loop._segment._cache_size() <= before + 1


def test_the_average_is_what_is_looked_at(spec):
    """A carry with averages gives them as what the training makes; without any, the weights themselves."""
    trainer = spec.trainer()
    weights = trainer.network.init(rng.key(0, "init"), trainer.ports)
    sparse = trainer.sparsifier.init(rng.key(0, "masks"), trainer.prunables, trainer.clock(0), weights)
    carry = loop.init_carry(trainer, weights, (), sparse)
    jax.tree.map(np.testing.assert_array_equal, Product.of(carry).weights, carry.weights)
    ones = jax.tree.map(np.ones_like, weights)
    average = carry.opt_state.average._replace(
        mean=ones, age=jax.tree.map(lambda a: a + 1, carry.opt_state.average.age)
    )
    made = Product.of(carry._replace(opt_state=carry.opt_state._replace(average=average)))
    np.testing.assert_array_equal(made.weights["cell0"]["recurrent"], sparse.masks["cell0/recurrent"])
    np.testing.assert_array_equal(made.weights["cell0"]["bias"], 1)


def test_averages_keep_held_signs(tiny, tmp_path):
    """The mean of weights whose signs are held after every update has these signs: it is of the held ones."""
    optimizer = {"sgd": {"learning_rate": 1.0, "clip_norm": 1.0, "averaging": {"checks": 1}}}
    spec = tiny(optimizer=optimizer, signs={"by": "entry"}, sparsifier={"static": {"density": 0.5}}, select="loss")
    trainer = spec.trainer()
    begun = first_weights(spec, trainer)
    sparse, given = first_masks(spec, trainer, begun)
    carry = loop.init_carry(trainer, begun.weights, (), sparse, given)
    average = carry.opt_state.average._replace(since=jnp.zeros((), jnp.int32))
    carry = carry._replace(opt_state=carry.opt_state._replace(average=average))
    operands = loop.Operands(rng.key(0), 0, trainer.task.data("train"), (), begun.signs)
    after = loop.segment(trainer, operands, carry, 0, 12)
    signs, mean = begun.signs["cell0/recurrent"], Product.of(after).weights["cell0"]["recurrent"]
    assert (np.asarray(mean * signs) >= 0).all()
    assert (np.asarray(after.weights["cell0"]["recurrent"] == 0) & (np.asarray(mean) != 0)).any(), "some were held at 0"


def test_without_a_measure_to_follow_it_is_refused(tree):
    for field in ({"plateau": {}}, {"averaging": {}}):
        with pytest.raises(SpecError, match="plateau and averaging follow validation"):
            read_spec(tree(select=None, optimizer={"sgd": field}))


def test_a_group_that_names_nothing_is_refused_before_any_work(tiny, tmp_path):
    spec = tiny(optimizer={"adam": {"groups": [{"where": ["embedding"]}]}})
    with pytest.raises(SpecError, match=r'optimizer.groups: 0: "embedding" names no array'):
        run(spec, tmp_path)
    assert not list(tmp_path.glob("*/"))
