"""Exact choice against a stable sort; order of equal scores; integer shares."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.masks import ratio, round_fraction
from sparsernn.sparsifiers.select import among, highest, lowest


def reference(scores, eligible, count, sign=1.0):
    """Pairs (score, place) sorted in Python."""
    order = sorted((sign * float(s), i) for i, (s, e) in enumerate(zip(scores, eligible, strict=True)) if e)
    chosen = np.zeros(len(scores), bool)
    chosen[[i for _, i in order[:count]]] = True
    return chosen


def cases():
    rng = np.random.default_rng(0)
    ties = rng.integers(-3, 4, 200).astype(np.float32)
    yield "ties", ties
    yield "normal", rng.normal(size=300).astype(np.float32)
    yield "signed zeros", np.array([0.0, -0.0, 0.0, -0.0, 1e-45, -1e-45], np.float32)
    yield "infinite", np.array([np.inf, -np.inf, 1e38, -1e38, 0.0, np.inf], np.float32)
    yield "one", np.array([2.5], np.float32)
    yield "unsigned", rng.integers(0, 2**32, 64, dtype=np.uint32)
    yield "half", rng.normal(size=50).astype(np.float16)


@pytest.mark.parametrize(("name", "scores"), list(cases()), ids=lambda c: c if isinstance(c, str) else "")
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_choice_equals_a_stable_sort(name, scores, share):
    eligible = np.random.default_rng(1).random(scores.size) < 0.7
    eligible[0] = True
    count = round(share * eligible.sum())
    for choice, sign in ((lowest, 1.0), (highest, -1.0)):
        expected = reference(scores, eligible, count, sign)
        traced = jax.jit(choice)(jnp.asarray(scores), jnp.asarray(eligible), jnp.int32(count))
        np.testing.assert_array_equal(np.asarray(traced), expected)
        np.testing.assert_array_equal(choice(scores, eligible, count), expected)


def test_nan_goes_last():
    scores = np.array([np.nan, 3.0, -np.nan, np.inf], np.float32)
    for s in (scores, jnp.asarray(scores)):
        assert np.asarray(lowest(s, s == s, 2)).tolist() == [False, True, False, True]
        assert np.asarray(lowest(s, np.ones(4, bool), 2)).tolist() == [False, True, False, True]


def test_float64_is_not_rounded_on_the_host():
    scores = np.array([1.0 + 1e-12, 1.0])
    assert lowest(scores, np.ones(2, bool), 1).tolist() == [False, True]


def test_equal_scores_go_in_fortran_order_and_matrices_by_path():
    scores = {"b": jnp.zeros((1, 2, 3)), "a": jnp.zeros((1, 2, 2))}
    eligible = {p: jnp.ones(s.shape, bool) for p, s in scores.items()}
    chosen = among(lowest, scores, eligible, 7)  # 4 of "a", then the first column and a half of "b"
    assert np.asarray(chosen["a"]).all()
    np.testing.assert_array_equal(chosen["b"][0], [[1, 1, 0], [1, 0, 0]])


def test_gates_are_one_stacked_matrix():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 3, (4, 3, 5)).astype(np.float32)
    chosen = among(lowest, {"a": scores}, {"a": np.ones(scores.shape, bool)}, 20)["a"]
    stacked = scores.reshape(12, 5).ravel(order="F")
    expected = reference(stacked, np.ones(60, bool), 20).reshape(12, 5, order="F").reshape(4, 3, 5)
    np.testing.assert_array_equal(chosen, expected)


@pytest.mark.parametrize("share", [0.2, 0.3, 0.25, 0.125, 1 / 3, 0.999, 0.0, 1.0, 0.0001])
def test_part_rounds_half_to_even(share):
    numerator, denominator = ratio(share)
    totals = np.r_[0:300, 2**22 + np.arange(5), 66_000_000, 2_000_000_000].astype(np.int64)
    expected = [round(Fraction(int(t) * numerator, denominator)) for t in totals]
    assert round_fraction(totals, numerator, denominator).tolist() == expected
    traced = jax.jit(round_fraction)(jnp.asarray(totals, jnp.int32), numerator, denominator)
    assert np.asarray(traced).tolist() == expected


def test_ratio_is_exact_for_four_decimals():
    assert ratio(0.2) == (1, 5)
    assert ratio(0.0001) == (1, 10_000)
    assert ratio(0.1234) == (617, 5000)
