import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsernn.errors import SpecError
from sparsernn.linear import Knockout, linear
from sparsernn.precision import precise


def test_on_paper():
    matrix = np.array([[[1.0, 2], [3, 4], [5, 6]], [[0, 1], [1, 0], [0, 0]]])  # two gates, three targets, two sources
    np.testing.assert_array_equal(linear(matrix, np.array([10.0, 1])), [[12, 34, 56], [1, 10, 0]])


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.integers(1, 3), max_size=3), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4), st.integers(0, 99)
)
def test_any_leading_axes(leading, gates, target, source, seed):
    draw = np.random.default_rng(seed).normal
    matrix, x = draw(size=(gates, target, source)), draw(size=(*leading, source))
    with precise():
        found = np.asarray(linear(matrix, jnp.asarray(x)))
    np.testing.assert_allclose(found, np.einsum("gts,...s->...gt", matrix, x), atol=1e-12)


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.integers(1, 3), max_size=2), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(0, 99)
)
def test_knockout_is_zeroing_each_entry(axes, gates, target, source, seed):
    """All entries, in random order and some twice."""
    generator = np.random.default_rng(seed)
    matrix = generator.normal(size=(gates, target, source))
    entries = generator.permutation(np.tile(np.arange(matrix.size), 2))[: matrix.size + 3]
    gate, to, origin = np.unravel_index(entries, matrix.shape)
    x = generator.normal(size=(len(entries), *axes, source))
    with precise():
        found = np.asarray(
            linear(Knockout(matrix, jnp.asarray(gate), jnp.asarray(to), jnp.asarray(origin)), jnp.asarray(x))
        )
    assert found.shape == (len(entries), *axes, gates, target)
    for r, (g, t, s) in enumerate(zip(gate, to, origin, strict=True)):
        holed = matrix.copy()
        holed[g, t, s] = 0
        np.testing.assert_allclose(found[r], np.einsum("gts,...s->...gt", holed, x[r]), atol=1e-12)


def test_knockout_with_traced_indices_compiles_once():
    matrix = np.arange(12.0).reshape(2, 3, 2) + 1
    traces = []

    @jax.jit
    def run(gate, target, source, x):
        traces.append(1)
        return linear(Knockout(matrix, gate, target, source), x)

    x = np.ones((2, 2))
    for gate, target, source in (([0, 1], [2, 0], [1, 0]), ([1, 1], [1, 2], [0, 1])):
        found = run(*map(jnp.asarray, (gate, target, source)), x)
        for r in range(2):
            expected = matrix.sum(axis=2)
            expected[gate[r], target[r]] -= matrix[gate[r], target[r], source[r]]
            np.testing.assert_allclose(found[r], expected)
    assert len(traces) == 1


def test_gradient_of_a_removed_entry_is_zero():
    matrix = jnp.ones((1, 2, 2))
    index = jnp.array([0]), jnp.array([1]), jnp.array([0])
    x = jnp.array([[3.0, 5.0]])
    gradient = jax.grad(lambda m: linear(Knockout(m, *index), x).sum())(matrix)
    np.testing.assert_array_equal(gradient, [[[3, 5], [0, 5]]])


@pytest.mark.parametrize("shape", [(4,), (2, 4), (3, 2, 4)])
def test_states_without_the_axis_of_removals_are_refused(shape):
    index = np.zeros(4, int)
    knockout = Knockout(np.ones((1, 4, 4)), index, index, index)
    with pytest.raises(SpecError, match="a knockout of 4 weights needs states with a leading axis of 4"):
        linear(knockout, jnp.ones(shape))
