"""Exact lists of remaining weights, ramps, scopes, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.masks import Prunable, exact_count, nonzeros
from sparsernn.sparsifiers.base import Clock, Snapshot, SparseState
from sparsernn.sparsifiers.drop import Geometric, Magnitude, RandomDrop
from sparsernn.sparsifiers.methods.geometric import geometric
from sparsernn.sparsifiers.methods.gradual_cubic import gradual_cubic
from sparsernn.sparsifiers.methods.one_shot import one_shot
from sparsernn.sparsifiers.methods.random import random
from sparsernn.sparsifiers.pruner import Pruner, fraction_reaching
from sparsernn.sparsifiers.schedule import Cubic, EveryEpoch, OneShot, PerRound

# arXiv 2406.04934: n = round-half-even(0.2 * remaining), twenty times
LISTS = {
    50: "2500 2000 1600 1280 1024 819 655 524 419 335 268 214 171 137 110 88 70 56 45 36 29",
    100: "10000 8000 6400 5120 4096 3277 2622 2098 1678 1342 1074 859 687 550 440 352 282 226 181 145 116",
    20: "400 320 256 205 164 131 105 84 67 54 43 34 27 22 18 14 11 9 7 6 5",
}


def matrix(path, target, source, role="recurrent", gates=1):
    return Prunable(path, role, gates, target, source)


@pytest.mark.parametrize("m", [50, 100, 20])
def test_the_papers_list_of_remaining_weights(m):
    expected = [int(n) for n in LISTS[m].split()]
    prunables = (matrix("w", m, m),)
    pruner = random(drop_fraction=0.2)
    state = pruner.init(jax.random.key(0), prunables, Clock(0, 0, 5, 5), {})
    weights = {"w": jnp.ones((1, m, m))}
    remaining = [nonzeros(state.masks)]
    for round in range(1, len(expected)):
        snapshot = Snapshot(Clock(0, round, 5, 5), weights, weights, None)
        state, pruned, _ = pruner.update_masks(jax.random.key(round), state, snapshot)
        assert np.count_nonzero(pruned["w"]) == nonzeros(state.masks)
        remaining.append(nonzeros(state.masks))
        assert pruner.final_count(prunables, Clock(0, round, 5, 5)) == remaining[-1]
    assert remaining == expected


def test_geometric_rounds_equal_pruning_by_a_sort():
    """Rows of a table stand for the harm; the reference removes them by a stable sort in column-major order."""
    m, rng = 6, np.random.default_rng(0)
    table = np.round(rng.normal(size=(m * m, 2)), 1)  # many ties
    pruner = geometric(drop_fraction=0.25, starts=2)
    state = pruner.init(jax.random.key(0), (matrix("w", m, m),), Clock(0, 0, 5, 5), {})
    alive = list(range(m * m))
    for round in range(1, 6):
        snapshot = Snapshot(Clock(0, round, 5, 5), {"w": np.ones((1, m, m), np.float32)}, {}, None)
        state, _, _ = pruner.update_masks(jax.random.key(0), state, snapshot, lambda p, i, s: table[i])
        order = sorted(alive, key=lambda i: (abs(table[i].mean()), i % m, i // m))
        alive = sorted(order[round_half_even(0.25 * len(alive)) :])
        assert np.flatnonzero(np.asarray(state.masks["w"])).tolist() == alive


def round_half_even(x):
    return int(np.round(x))


def walk(pruner, prunables, clock, seed=0):
    """Masks after every moment, weights drawn anew each time."""
    rng = np.random.default_rng(seed)
    state = pruner.init(jax.random.key(0), prunables, clock, {})
    for step in range(1, clock.horizon + 1):
        if pruner.due(clock._replace(step=step)):
            weights = {p.path: jnp.asarray(rng.normal(size=p.shape), jnp.float32) for p in prunables}
            snapshot = Snapshot(clock._replace(step=step), weights, weights, None)
            state, _, _ = pruner.update_masks(jax.random.key(step), state, snapshot)
            yield step, state.masks, weights


def test_cubic_counts_by_hand():
    # 400 entries to .05 in 5 epochs: 20 + 380 * (.512 .216 .064 .008 0)
    pruner = gradual_cubic(density=0.05)
    found = [(s, nonzeros(m)) for s, m, _ in walk(pruner, (matrix("w", 20, 20),), Clock(0, 0, 3, 10))]
    assert found == [(3, 215), (6, 102), (9, 44), (12, 23), (15, 20)]


def test_one_shot_keeps_the_largest_of_all_matrices_together():
    prunables = (matrix("a", 4, 4), matrix("b", 4, 8))
    [(_, masks, weights)] = walk(one_shot(density=0.25), prunables, Clock(0, 0, 2, 2))
    both = np.concatenate([np.abs(weights[p]).ravel() for p in "ab"])
    threshold = np.sort(both)[-12]
    for p in "ab":
        np.testing.assert_array_equal(masks[p], np.abs(weights[p]) >= threshold)


def test_matrix_scope_prunes_each_to_its_own_count():
    prunables = (matrix("a", 4, 4), matrix("b", 4, 8))
    pruner = one_shot(density=0.25, scope="matrix")
    [(_, masks, weights)] = walk(pruner, prunables, Clock(0, 0, 2, 2))
    for p, n in (("a", 4), ("b", 8)):
        threshold = np.sort(np.abs(weights[p]).ravel())[-n]
        np.testing.assert_array_equal(masks[p], np.abs(weights[p]) >= threshold)


def test_a_fraction_every_epoch():
    pruner = Pruner(EveryEpoch(), Magnitude(), drop_fraction=0.5)
    prunables = (matrix("w", 5, 5),)
    assert [nonzeros(m) for *_, m, _ in walk(pruner, prunables, Clock(0, 0, 2, 4))] == [
        13,
        7,
        3,
        1,
    ]  # 12.5, 6.5, 3.5, 1.5
    assert pruner.final_count(prunables, Clock(0, 0, 2, 4)) == 1


def test_masks_sparser_than_asked_for_are_left_alone():
    mask = jnp.zeros((1, 4, 4), bool).at[0, 0, 0].set(True)
    weights = {"w": jnp.ones((1, 4, 4))}
    snapshot = Snapshot(Clock(2, 0, 2, 2), weights, weights, None)
    state, _, changed = one_shot(density=0.5).update_masks(jax.random.key(0), SparseState({"w": mask}, ()), snapshot)
    np.testing.assert_array_equal(state.masks["w"], mask)
    assert not changed["w"].any()


def test_weights_outside_are_exactly_zero_even_where_they_were_not_numbers():
    weights = {"w": jnp.full((1, 2, 2), jnp.nan).at[0, 0, 0].set(-3.0)}
    mask = jnp.zeros((1, 2, 2), bool).at[0, 0].set(True)  # NaN ranks highest and is kept; others were masked before
    snapshot = Snapshot(Clock(2, 0, 2, 2), weights, weights, None)
    _, pruned, _ = one_shot(density=0.25).update_masks(jax.random.key(0), SparseState({"w": mask}, ()), snapshot)
    np.testing.assert_array_equal(pruned["w"][0], [[0.0, np.nan], [0.0, 0.0]])
    assert not np.signbit(np.asarray(pruned["w"])).any()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"schedule": OneShot()}, "give density"),
        ({"schedule": OneShot(), "density": 0.1, "drop_fraction": 0.2}, "leave drop_fraction out"),
        ({"schedule": PerRound()}, "give drop_fraction"),
        ({"schedule": PerRound(), "drop_fraction": 0.2, "density": 0.1}, "leave density out"),
        ({"schedule": Cubic(), "density": 0.0}, "density"),
        ({"schedule": Cubic(), "density": 1.1}, "density"),
        ({"schedule": PerRound(), "drop_fraction": 1.0}, "drop_fraction"),
    ],
)
def test_fields_that_do_not_fit(fields, words):
    with pytest.raises(SpecError, match=words):
        Pruner(**fields)


def test_all_problems_at_once():
    with pytest.raises(SpecError) as caught:
        Pruner(PerRound(), density=2.0)
    assert len(caught.value.problems) == 3


def test_unreachable_densities_are_found_before_training():
    clock = Clock(0, 0, 2, 4)
    with pytest.raises(SpecError, match="at least one"):
        one_shot(density=0.001).init(jax.random.key(0), (matrix("w", 5, 5),), clock, {})
    both = (matrix("a", 20, 20), matrix("b", 2, 2))
    one_shot(density=0.01).init(jax.random.key(0), both, clock, {})
    with pytest.raises(SpecError, match="at least one"):
        one_shot(density=0.01, scope="matrix").init(jax.random.key(0), both, clock, {})
    with pytest.raises(SpecError, match="never"):
        Pruner(OneShot(at=5, unit="epochs"), density=0.5).init(jax.random.key(0), both, clock, {})


def test_what_training_needs_to_know():
    assert not Pruner(OneShot(), Geometric(), density=0.5).traceable
    assert Pruner(OneShot(), RandomDrop(), density=0.5).traceable
    assert Pruner(PerRound(), RandomDrop(), drop_fraction=0.5).by_rounds
    assert not one_shot().by_rounds


@pytest.mark.parametrize("density", [0.5, 0.25, 0.1, 0.055, 0.9])
@pytest.mark.parametrize(("size", "rounds"), [(900, 3), (2500, 13), (2500, 1), (10_000, 8), (25_600, 20)])
def test_a_density_is_met_exactly_after_all_rounds(density, size, rounds):
    fraction = fraction_reaching(density, size, rounds)
    pruner = random(drop_fraction=fraction)
    count = pruner.final_count((matrix("w", 1, size),), Clock(0, rounds, 5, 5))
    assert count == exact_count(density, size)
