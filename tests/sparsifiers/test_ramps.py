"""Rewiring along a ramp: exact counts after every step, GraNet's step by hand, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.masks import Prunable, exact_count, nonzeros
from sparsernn.operands import join, split
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock, Snapshot, SparseState
from sparsernn.sparsifiers.methods.granet import granet
from sparsernn.sparsifiers.rewirer import Rewirer
from sparsernn.sparsifiers.schedule import Cubic, EveryEpoch, EverySteps, PerRound
from sparsernn.spec import build

BOTH = (Prunable("a", "recurrent", 1, 20, 20), Prunable("b", "recurrent", 2, 10, 5))  # 400 + 100
CLOCK = Clock(0, 0, 10, 10)


def walk(rewirer, prunables=BOTH, clock=CLOCK):
    """(step, masks before, snapshot, masks after, weights after) at every moment; weights drawn anew each time."""
    state = rewirer.init(jax.random.key(0), prunables, clock, {})
    for step in range(1, clock.horizon + 1):
        if rewirer.due(clock._replace(step=step)):
            draw = np.random.default_rng(step).normal
            w, g = ({p.path: jnp.asarray(draw(size=p.shape), jnp.float32) for p in prunables} for _ in range(2))
            w = {path: w[path] * mask for path, mask in state.masks.items()}
            seen = Snapshot(clock._replace(step=step), w, jax.tree.map(abs, g), None)
            after, weights, _ = rewirer.update_masks(jax.random.key(step), state, seen)
            yield step, state.masks, seen, after.masks, weights
            state = after


@pytest.mark.parametrize("start", ["erdos_renyi", "uniform"])
@pytest.mark.parametrize(("initial", "end"), [(1.0, 0.1), (0.5, 0.11), (0.1, 0.45), (0.3, 0.3)])
@pytest.mark.parametrize("grow", ["random", "gradient"])
def test_counts_are_exact_after_every_step(start, initial, end, grow):
    form = {"density": end, "initial_density": initial, "ramp": "cubic", "grow": grow, "start": start}
    rewirer = build(AbstractSparsifier, {"rewirer": {**form, "schedule": {"every_steps": {"every": 5}}}})
    seen = [(step, nonzeros(after)) for step, *_, after, _ in walk(rewirer)]
    # after epochs 1 to 5 the ramp has left 64/125, 27/125, 8/125, 1/125, 0 of the way
    remaining = np.array([125, 64, 27, 8, 1, 0]) / 125
    wanted = [round(500 * end + 500 * (initial - end) * remaining[min(step // 10, 5)]) for step in range(5, 100, 5)]
    assert [count for _, count in seen] == wanted
    assert seen[-1] == (95, exact_count(end, 500))
    assert rewirer.final_count(BOTH, CLOCK) == exact_count(end, 500)
    assert not rewirer.keeps_count


def test_a_step_of_granet_by_hand():
    """Global magnitude pruning to the ramp; then, matrix by matrix, a cosine-decayed fraction exchanged by gradient."""
    rewirer = granet(density=0.2, initial_density=1.0, every=10, end=0.5)
    for step, masks, seen, after, weights in walk(rewirer):
        t = step / 50
        wanted = round(100 + 400 * (1 - t) ** 3) if t < 1 else 100
        share = 0.5 * (1 + np.cos(np.pi * step / 100)) / 2
        w, g = ({p: np.asarray(tree[p]) for p in masks} for tree in (seen.weights, seen.gradients))
        alive = np.concatenate([abs(w[p][np.asarray(masks[p])]) for p in masks])
        threshold = np.sort(alive)[-wanted]
        for p in masks:
            kept = np.asarray(masks[p]) & (abs(w[p]) >= threshold)
            count = round(share * kept.sum())
            order = sorted(abs(w[p][kept]))
            kept &= abs(w[p]) >= (order[count] if count < len(order) else np.inf)
            best = np.sort(g[p][~kept])[-count] if count else np.inf
            np.testing.assert_array_equal(after[p], kept | (~kept & (g[p] >= best)), err_msg=f"{step} {p}")
            np.testing.assert_array_equal(weights[p], np.where(kept, w[p], 0))
    assert step == 90


def test_a_ramp_upwards_adds_what_the_gradient_wants_over_all_matrices():
    rewirer = Rewirer(grow="gradient", density=0.5, drop_fraction=0.0, initial_density=0.1, ramp=Cubic())
    for _, masks, seen, after, _ in walk(rewirer):
        new = {p: np.asarray(after[p] & ~masks[p]) for p in masks}
        assert all(not (masks[p] & ~after[p]).any() for p in masks)
        missing = np.concatenate([np.asarray(seen.gradients[p])[~np.asarray(masks[p])] for p in masks])
        count = sum(n.sum() for n in new.values())
        if count:
            for p in masks:
                np.testing.assert_array_equal(
                    new[p], ~np.asarray(masks[p]) & (np.asarray(seen.gradients[p]) >= np.sort(missing)[-count])
                )


def test_densities_are_operands_of_the_compiled_step():
    """One compilation for other densities and fractions, and the same masks as on the host."""
    one, two = (granet(density=d, initial_density=i, drop_fraction=f) for d, i, f in ((0.2, 1, 0.5), (0.07, 0.6, 0.3)))
    assert split(one)[0] == split(two)[0]
    clock = Clock(300, 0, 100, 10)
    traced = []

    @jax.jit
    def step(numbers, masks, w):
        traced.append(1)
        return join(split(one)[0], numbers).update_masks(
            jax.random.key(0), SparseState(masks, ()), Snapshot(clock, w, jax.tree.map(abs, w), None)
        )

    for rewirer in (one, two):
        masks = rewirer.init(jax.random.key(0), BOTH, clock, {}).masks
        w = {p.path: jax.random.normal(jax.random.key(1), p.shape) * masks[p.path] for p in BOTH}
        (after, *_), (host, *_) = (
            step(split(rewirer)[1], masks, w),
            rewirer.update_masks(
                jax.random.key(0), SparseState(masks, ()), Snapshot(clock, w, jax.tree.map(abs, w), None)
            ),
        )
        jax.tree.map(np.testing.assert_array_equal, after.masks, host.masks)
    assert len(traced) == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ramp": "cubic"}, "give initial_density"),
        ({"initial_density": 0.5}, "give a ramp"),
        ({"ramp": "cubic", "initial_density": 1.5}, "initial_density must lie"),
        ({"ramp": "every_epoch", "initial_density": 0.5}, 'ramp: unknown ramp "every_epoch"; known: cubic, one_shot'),
        ({"ramp": "cubik", "initial_density": 0.5}, 'unknown ramp "cubik", did you mean "cubic"'),
        ({"ramp": "cubic", "initial_density": 0.5, "schedule": PerRound()}, "schedule within trainings"),
    ],
)
def test_fields_that_do_not_fit(fields, words):
    with pytest.raises(SpecError, match=words):
        Rewirer(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"ramp": Cubic(end=1.0)},
        {"ramp": Cubic(), "until": 0.4},
        {"ramp": Cubic(end=0.95), "schedule": EverySteps(40)},
    ],
)
def test_a_density_that_would_not_be_reached_is_found_before_training(fields):
    with pytest.raises(SpecError, match=r"ramp: it is over at step \d+, and nothing is rewired after"):
        Rewirer(**{"initial_density": 0.5, "schedule": EveryEpoch(), **fields}).init(jax.random.key(0), BOTH, CLOCK, {})
