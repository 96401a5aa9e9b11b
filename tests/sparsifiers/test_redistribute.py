"""Growth shared out: exact totals, proportions, room."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.sparsifiers.redistribute import ByMagnitude, Keep


def state(ones, sizes, means):
    left = {n: (jnp.arange(s) < o).reshape(1, 1, s) for n, o, s in zip("abc", ones, sizes, strict=False)}
    weights = {n: jnp.full((1, 1, s), m) for n, s, m in zip("abc", sizes, means, strict=False)}
    return left, weights


def share(dropped, ones, sizes, means):
    left, weights = state(ones, sizes, means)
    grown = ByMagnitude().grown(dict(zip("abc", dropped, strict=False)), left, weights)
    return [int(grown[n]) for n in sorted(grown)]


def test_keep():
    left, weights = state([1, 2], [5, 5], [1.0, 1.0])
    assert Keep().grown({"a": 3, "b": 1}, left, weights) == {"a": 3, "b": 1}


def test_in_proportion_to_mean_magnitude():
    assert share([20, 20], [50, 50], [200, 200], [1.0, 3.0]) == [10, 30]
    assert share([20, 20], [50, 10], [200, 200], [-1.0, 3.0]) == [10, 30]  # mean, not sum; absolute


def test_what_has_no_room_goes_to_the_others():
    assert share([20, 20, 20], [50, 195, 50], [200, 200, 200], [1.0, 4.0, 1.0]) == [27, 5, 28] or (
        share([20, 20, 20], [50, 195, 50], [200, 200, 200], [1.0, 4.0, 1.0]) == [28, 5, 27]
    )


def test_all_zero_means_are_equal_shares_and_an_empty_matrix_is_no_fault():
    assert share([10, 10], [50, 50], [200, 200], [0.0, 0.0]) == [10, 10]
    assert share([10, 10], [0, 50], [200, 200], [1.0, 0.0]) == [10, 10]
    # the only matrix with a mean has no room
    assert share([2, 2], [198, 10], [200, 200], [1.0, 0.0]) == [2, 2]


@pytest.mark.parametrize("seed", range(20))
def test_total_and_room_always(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 60, 3)
    before = rng.integers(0, sizes + 1)
    dropped = rng.integers(0, before + 1)
    left, weights = state(before - dropped, sizes, rng.exponential(size=3) * (rng.random(3) < 0.8))
    grown = jax.jit(ByMagnitude().grown)(dict(zip("abc", dropped.tolist(), strict=True)), left, weights)
    given = np.array([int(grown[n]) for n in "abc"])
    assert given.sum() == dropped.sum()
    assert (given >= 0).all()
    assert (given <= sizes - (before - dropped)).all()
