"""The equations of docs/cells.md are those of the code, and its tables name all arrays."""

import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.models.network import Network, Ports
from sparsernn.spec import build
from sparsernn.weights import flatten, unflatten

PAGE = (Path(__file__).parents[2] / "docs" / "cells.md").read_text(encoding="utf-8")
M, N = 7, 3
CASES = [
    ("PLRNN", 0, {"plrnn": {"hidden": M, "mean_centered": False}}),
    ("PLRNN", 1, {"plrnn": {"hidden": M}}),
    ("RNN", 0, {"rnn": {"hidden": M}}),
    ("RNN", 0, {"rnn": {"hidden": M, "activation": "relu"}}),
    ("LSTM", 0, {"lstm": {"hidden": M}}),
]
each_cell = pytest.mark.parametrize(("heading", "which", "plain"), CASES)


def section(heading):
    return re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)[1]


def network_of(plain):
    """A network and weights of the usual sizes that are all different from 0."""
    network = build(Network, plain)
    weights = network.init(jax.random.key(0), Ports(0, N, True))
    rng = np.random.default_rng(1)
    flat = {path: np.asarray(0.5 * rng.normal(size=np.shape(a)), np.float32) for path, a in flatten(weights).items()}
    return network, flat


@each_cell
def test_tables_name_every_array_and_its_shape(heading, which, plain):
    _, flat = network_of(plain)
    rows = re.findall(r"^\| `([\w/]+)` \| (\(.*?\)) \|", section(heading), re.MULTILINE)
    assert {path: eval(shape, {"M": M, "N": N}) for path, shape in rows} == {p: a.shape for p, a in flat.items()}


@each_cell
def test_equations_are_those_of_the_code(heading, which, plain):
    network, flat = network_of(plain)
    text = re.findall(r"^```python\n(.*?)^```", section(heading), re.MULTILINE | re.DOTALL)[which]
    if plain.get("rnn", {}).get("activation") == "relu":
        assert "`np.maximum(v, 0)`" in section(heading)
        text = text.replace("phi = np.tanh", "phi = lambda v: np.maximum(v, 0)")
    said = {"np": np, "w": flat, "N": N}
    exec(text, said)
    weights = unflatten({path: jnp.asarray(array) for path, array in flat.items()})
    first, pulled = np.random.default_rng(2).normal(size=(2, N)).astype(np.float32)

    def same(state, states):
        np.testing.assert_allclose(
            np.concatenate(state if isinstance(state, tuple) else [state]), network.flatten(states), atol=2e-5
        )
        units = network.cells[-1].outputs(states[-1])
        np.testing.assert_allclose(said["read"](state), network.read(weights, units), atol=2e-5)

    state, states = said["init_state"](first), network.first_states(weights, jnp.asarray(first))
    same(state, states)
    np.testing.assert_allclose(said["read"](state), first, atol=1e-4)
    for alpha in (0.0, 0.3, 1.0):
        state, states = said["step"](state), network.step(weights, states, None)
        same(state, states)
        state = said["force"](state, pulled, alpha)
        states = network.impose(weights, states, jnp.asarray(pulled), alpha)
        same(state, states)
