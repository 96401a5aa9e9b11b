"""Criteria against what they say, and the order in which equal scores go."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.sparsifiers import drop
from sparsernn.sparsifiers.base import Clock, Snapshot
from sparsernn.sparsifiers.select import among

KEY = jax.random.key(0)


def snapshot(weights, gradients=None, activity=None):
    return Snapshot(Clock(1, 0, 10, 10), {"a": weights}, {"a": gradients}, activity)


def dropped(criterion, count, weights, mask=None, importance=None, **others):
    mask = np.ones(weights.shape, bool) if mask is None else mask
    scores = {"a": criterion.scores(KEY, "a", mask, snapshot(weights, **others), importance)}
    return np.asarray(among(criterion.choose, scores, {"a": mask}, count)["a"])


def test_magnitude():
    w = np.array([[[3.0, -0.5], [-2.0, 1.0]]], np.float32)
    np.testing.assert_array_equal(dropped(drop.Magnitude(), 2, w), abs(w) <= 1)


def test_activity_scales_by_the_source():
    w = np.array([[[1.0, 2.0], [-3.0, 4.0]]], np.float32)  # |w| sd: 10 2 / 30 4
    cut = dropped(drop.ActivityScaledMagnitude(), 2, w, activity={"a": np.array([10.0, 1.0], np.float32)})
    np.testing.assert_array_equal(cut, [[[False, True], [False, True]]])
    with pytest.raises(SpecError, match="activity"):
        dropped(drop.ActivityScaledMagnitude(), 2, w)


def test_taylor_is_the_exact_loss_change_of_a_linear_loss():
    w, g = np.array([[[1.0, -2.0, 3.0]]], np.float32), np.array([[[4.0, 1.0, -0.1]]], np.float32)
    increase = [abs(np.sum(g * w) - np.sum(g * np.where(np.arange(3) == i, 0, w))) for i in range(3)]
    np.testing.assert_allclose(drop.Taylor().scores(KEY, "a", w != 0, snapshot(w, abs(g)))[0, 0], increase, rtol=1e-6)


def test_random_is_another_choice_for_another_key():
    w = jnp.ones((1, 20, 20))
    one, two = (
        drop.RandomDrop().scores(jax.random.key(i), "a", np.ones(w.shape, bool), snapshot(w)) for i in range(2)
    )  # equal weights: only the key decides
    assert (one != two).any()


@pytest.mark.parametrize("array", [np.asarray, jnp.asarray])
def test_set_takes_the_same_share_of_each_sign_nearest_to_zero(array):
    rng = np.random.default_rng(0)
    w = np.r_[rng.uniform(0.1, 1, 30), rng.uniform(-5, -2, 10)].astype(np.float32)
    w = rng.permutation(w).reshape(1, 4, 10)
    cut = dropped(drop.NearestZeroOfEachSign(), 8, array(w), array(np.ones(w.shape, bool)))
    assert set(w[cut]) == set(np.sort(w[w > 0])[:6]) | set(np.sort(w[w < 0])[-2:])


def test_set_zeros_go_first_and_a_single_sign_is_enough():
    w = np.array([[[0.0, 0.3, 0.0, 0.1, 0.2]]], np.float32)
    assert dropped(drop.NearestZeroOfEachSign(), 1, w)[0, 0].tolist() == [True, False, False, False, False]
    assert dropped(drop.NearestZeroOfEachSign(), 3, w)[0, 0].tolist() == [True, False, True, True, False]
    assert dropped(drop.NearestZeroOfEachSign(), 5, w).all()
    assert dropped(drop.NearestZeroOfEachSign(), 2, -w)[0, 0].tolist() == [True, False, True, False, False]


@pytest.mark.parametrize("count", range(12))
def test_set_count_is_exact_whatever_the_signs(count):
    rng = np.random.default_rng(count)
    w = np.where(rng.random((1, 3, 4)) < 0.2, 0, rng.normal(size=(1, 3, 4))).astype(np.float32)
    assert dropped(drop.NearestZeroOfEachSign(), count, w).sum() == count


def harms(table):
    def importance(path, indices, starts):
        assert path == "a"
        return table[indices, :starts]

    return importance


def test_geometric_mean_first_then_absolute():
    # per start; the third is pure noise around 0, the second improves the run
    table = np.array([[1.0, 1.0], [-0.5, -0.5], [3.0, -3.0], [0.2, 0.2]])
    w = np.ones((1, 2, 2), np.float32)
    two = lambda score, count: dropped(drop.Geometric(2, score), count, w, importance=harms(table)).ravel().tolist()
    assert two("absolute", 1) == [False, False, True, False]
    assert two("absolute", 3) == [False, True, True, True]
    assert two("signed", 1) == [False, True, False, False]


def test_geometric_asks_only_for_what_exists_in_flat_order():
    asked = []
    mask = np.array([[[True, False], [False, True]]])

    def importance(path, indices, starts):
        asked.append((path, indices.tolist(), starts))
        return np.zeros((len(indices), starts))

    cut = dropped(drop.Geometric(3), 1, np.ones((1, 2, 2)), mask, importance)
    assert asked == [("a", [0, 3], 3)]
    assert cut.ravel().tolist() == [True, False, False, False]
    drop.Geometric().scores(KEY, "a", np.zeros((1, 2, 2), bool), snapshot(np.ones((1, 2, 2))), importance)
    assert len(asked) == 1  # an empty matrix is not measured


@pytest.mark.parametrize("table", [np.full((4, 2), np.nan), np.full((4, 2), np.inf), np.zeros((4, 3)), np.zeros(4)])
def test_geometric_refuses_scores_that_are_none(table):
    with pytest.raises(SpecError, match="importance of a"):
        dropped(drop.Geometric(2), 1, np.ones((1, 2, 2)), importance=lambda *_: table)


def test_geometric_without_importance():
    with pytest.raises(SpecError, match="none was handed in"):
        dropped(drop.Geometric(), 1, np.ones((1, 2, 2)))
    with pytest.raises(SpecError):
        drop.Geometric(starts=0)
