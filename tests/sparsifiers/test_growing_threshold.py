"""Pruning I against a NumPy program of its own, over trainings in which weights move."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.masks import Prunable, exact_count, nonzeros
from sparsernn.operands import join, split
from sparsernn.sparsifiers.base import Clock, Snapshot
from sparsernn.sparsifiers.methods.growing_threshold import GrowingThreshold

ONE = (Prunable("w", "recurrent", 1, 30, 30),)
CLOCK = Clock(0, 0, 50, 41)


def drift(step, shape=(1, 30, 30)):
    """What a training does to the weights in one epoch."""
    return np.random.default_rng(step).normal(size=shape).astype(np.float32) * np.float32(0.2)


def walk(method, prunables=ONE, clock=CLOCK, joined=False):
    """(epoch, weights before, mask after) at every epoch, the weights drifting inside their masks."""
    weights = {p.path: jnp.asarray(drift(10**6, p.shape) * 5) for p in prunables}
    state = method.init(jax.random.key(0), prunables, clock, weights)
    update = method.update_masks
    if joined:
        skeleton, numbers = split(method)
        update = lambda *given: join(skeleton, numbers).update_masks(*given)
    for epoch in range(1, clock.epochs + 1):
        weights = {p.path: (weights[p.path] + drift(epoch, p.shape)) * state.masks[p.path] for p in prunables}
        at = clock._replace(step=epoch * clock.steps_per_epoch)
        before = weights
        if method.due(at):
            state, weights, _ = update(jax.random.key(epoch), state, Snapshot(at, weights, weights))
        yield epoch, before, state.masks


def published(weights, mask, epoch, density, f, epochs, start_epoch):
    """Written from the formulas alone, in the authors' terms."""
    start, ramp, end, it = f, round(0.25 * epochs) * f, round(0.5 * epochs) * f, epoch * f
    if not start_epoch <= epoch <= round(0.5 * epochs):
        return mask
    size = np.abs(weights.astype(np.float64)).ravel()
    q = np.quantile(size, 1 - density, method="inverted_cdf")
    theta = 2 * q * f / (2 * (ramp - start) + 3 * (end - ramp))
    if it < ramp:
        e = theta * (it - start + 1) / f
    else:
        e = (theta * (ramp - start + 1) + 1.5 * theta * (it - ramp + 1)) / f
    return mask & (np.abs(weights) > e)


@pytest.mark.parametrize("start_epoch", [1, 5])
def test_the_published_form(start_epoch):
    method = GrowingThreshold(density=0.05, exact=False, acts_from=start_epoch / 41)
    mask, counts = np.ones((1, 30, 30), bool), []
    for epoch, before, masks in walk(method):
        mask = published(np.asarray(before["w"]), mask, epoch, 0.05, 50, 41, start_epoch)
        np.testing.assert_array_equal(masks["w"], mask)
        counts.append(int(mask.sum()))
    assert all(count == 900 for count in counts[: start_epoch - 1])
    assert counts[start_epoch - 1] < 900, "the first moment removes already"
    assert len(set(counts)) > 10
    assert 30 < counts[-1] <= method.final_count(ONE, CLOCK) == 45, "a little less than the density asks for"
    assert len(set(counts[19:])) == 1, "after half of the training masks stay"
    assert method.announces == "most"


@pytest.mark.parametrize("quantile", ["current", "first"])
def test_the_number_is_reached_exactly_and_never_undercut(quantile):
    method = GrowingThreshold(density=0.05, quantile=quantile)
    counts = [nonzeros(masks) for *_, masks in walk(method)]
    assert min(counts) == counts[-1] == counts[19] == method.final_count(ONE, CLOCK) == 45
    assert counts == sorted(counts, reverse=True)
    assert [nonzeros(m) for *_, m in walk(method, joined=True)] == counts, "density is an operand"


def test_the_quantile_of_the_first_moment_stays():
    """Where weights grow tenfold after the first moment, its quantile removes hardly any more."""
    count = {}
    for quantile in ("current", "first"):
        method = GrowingThreshold(density=0.2, quantile=quantile, exact=False)
        weights = {"w": jnp.asarray(drift(1))}
        state = method.init(jax.random.key(0), ONE, CLOCK, weights)
        q = np.quantile(abs(np.asarray(weights["w"])), 0.8, method="inverted_cdf")
        for epoch in (1, 12):
            at = CLOCK._replace(step=50 * epoch)
            before = state.masks["w"]
            state, weights, _ = method.update_masks(jax.random.key(0), state, Snapshot(at, weights, weights))
            if epoch == 1:
                weights = {"w": weights["w"] * 10}
        w = abs(np.asarray(weights["w"]))
        count[quantile] = int(state.masks["w"].sum())
        if quantile == "first":
            assert float(state.memory["all"]) == np.float32(q)
            theta = 2 * q * 50 / (2 * 450 + 3 * 500)
            kept = before & (w > (theta * 451 + 1.5 * theta * 101) / 50)
            np.testing.assert_array_equal(state.masks["w"], kept)
    assert count["current"] < 0.8 * count["first"]


def test_thresholds_end_a_little_above_the_quantile():
    shares = GrowingThreshold().thresholds(CLOCK)  # first moment 50, turn 500, end 1000
    assert len(shares) == 20
    assert shares[0] == pytest.approx(2 / 2400)
    assert shares[8] == pytest.approx(2 * 401 / 2400)
    assert shares[-1] == pytest.approx(1 + 5 / 2400)
    steps = np.diff(shares)
    assert steps[:8] == pytest.approx(100 / 2400)
    assert steps[9:] == pytest.approx(150 / 2400)


def test_scopes():
    two = (Prunable("a", "recurrent", 1, 20, 20), Prunable("b", "recurrent", 2, 10, 5))
    for scope, wanted in (("global", exact_count(0.11, 500)), ("matrix", exact_count(0.11, 400) + 11)):
        method = GrowingThreshold(density=0.11, scope=scope)
        *_, (_, _, masks) = walk(method, two)
        assert nonzeros(masks) == wanted == method.final_count(two, CLOCK)
        assert scope == "global" or int(masks["b"].sum()) == 11


def test_what_does_not_fit():
    with pytest.raises(SpecError, match="never acts"):
        GrowingThreshold().init(jax.random.key(0), ONE, Clock(0, 0, 10, 1), {})
    for fields in ({"turn": 0.7}, {"begin": 0.5}, {"density": 0.0}, {"acts_from": 0.6}, {"every": 0}):
        with pytest.raises(SpecError):
            GrowingThreshold(**fields)
    everything = GrowingThreshold(density=1.0, exact=False)
    assert all(nonzeros(masks) == 900 for *_, masks in walk(everything))
