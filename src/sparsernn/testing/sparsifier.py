"""What every sparsifier promises."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SpecError
from sparsernn.masks import Masks, Prunable, nonzeros
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock, Snapshot, SparseState
from sparsernn.testing.claims import check_part, claim, close, copies, same, structure
from sparsernn.weights import Weights, flatten, get, replace, unflatten

PRUNABLES = (
    Prunable("cell0/recurrent", "recurrent", 1, 20, 20),
    Prunable("cell1/recurrent", "recurrent", 4, 8, 8),
    Prunable("cell1/input", "input", 4, 8, 3),
    Prunable("readout", "readout", 1, 3, 8),
)
CLOCK = Clock(0, 0, 50, 4)
RATE = jnp.float32(1e-2)


class Change(NamedTuple):
    """One change of masks in a simulated training: the key, the state before (after `accumulate`), what was seen, and
    what `update_masks` gave."""

    key: Any
    before: SparseState
    seen: Snapshot
    after: SparseState
    weights: Weights
    changed: Masks


def check_sparsifier(
    sparsifier: AbstractSparsifier,
    prunables: tuple[Prunable, ...] = PRUNABLES,
    clock: Clock = CLOCK,
    bits: bool = False,
    compiled: bool = True,
) -> None:
    """A training of `clock`'s horizon in which nothing is learned but weights and gradients are drawn anew at every
    change of masks; between trainings, three rounds.

    `prunables`: matrices among which are those it acts on. `bits`: compiled, eager and NumPy choose the very same
    entries (scores made of comparisons and products alone do); else as many, but for one in fifty. `compiled` False
    leaves out compilation.
    """
    check_part(sparsifier)
    check_init(sparsifier, prunables, clock)
    check_due(sparsifier, clock)
    changes = list(simulate(sparsifier, prunables, clock))
    for change in changes:
        check_change(sparsifier, change)
    check_counts(sparsifier, changes, prunables, clock)
    some = changes[:: 1 + len(changes) // 10]
    check_pure(sparsifier, some, prunables, bits)
    check_nudge(sparsifier, prunables, clock)
    if compiled and sparsifier.traceable:
        check_compiled(sparsifier, some, bits)


# ------------------------------------------------------------------------------------------------------- a simulation


def importance(path: str, indices: np.ndarray, starts: int) -> np.ndarray:
    """A harm that is a function of the place alone, with equal values among them."""
    return np.round(np.sin(np.add.outer(indices * 1.7 + len(path), np.arange(starts))), 1)


def draw(seed: int, prunables: tuple[Prunable, ...] = PRUNABLES) -> Weights:
    """Weights of size one, a tenth of them exactly 0, with a bias that nobody prunes."""
    rng = np.random.default_rng(seed)
    flat = {p.path: np.where(rng.random(p.shape) < 0.1, 0, rng.normal(size=p.shape)) for p in prunables}
    flat[f"{prunables[0].path.partition('/')[0]}/bias" if "/" in prunables[0].path else "bias"] = rng.normal(size=5)
    return unflatten({path: jnp.asarray(array, jnp.float32) for path, array in flat.items()})


def moments(sparsifier: AbstractSparsifier, clock: Clock) -> list[Clock]:
    """When masks change: after steps of one training, or at beginnings of rounds."""
    if sparsifier.by_rounds:
        return [clock._replace(round=r) for r in range(1, 4)]
    steps = np.arange(1, clock.horizon + 1)
    due = np.broadcast_to(np.asarray(sparsifier.due(clock._replace(step=steps))), steps.shape)
    return [clock._replace(step=int(s)) for s in steps[due]]


def simulate(
    sparsifier: AbstractSparsifier, prunables: tuple[Prunable, ...] = PRUNABLES, clock: Clock = CLOCK
) -> Iterator[Change]:
    """All changes of masks of a training, one after the other."""
    key = jax.random.key(0)
    state = sparsifier.init(key, prunables, clock, draw(99, prunables))
    rng = np.random.default_rng(1)
    sd = {p.path: jnp.asarray(rng.uniform(0.1, 2, p.source), jnp.float32) for p in prunables}
    for i, at in enumerate(moments(sparsifier, clock)):
        gradients = draw(1000 + i, prunables)
        if not sparsifier.by_rounds:
            state = sparsifier.accumulate(state, gradients)
        weights = draw(i, prunables)
        weights = replace(weights, {path: get(weights, path) * mask for path, mask in state.masks.items()})
        size = jax.tree.map(jnp.abs, gradients)
        seen = Snapshot(at, weights, size, sd if sparsifier.needs_activity else None, RATE)
        own = jax.random.fold_in(key, i)
        found = sparsifier.update_masks(own, state, seen, None if sparsifier.traceable else importance)
        yield Change(own, state, seen, *found)
        state = found[0]


# ------------------------------------------------------------------------------------------------------------- claims


def check_init(sparsifier: AbstractSparsifier, prunables: tuple[Prunable, ...], clock: Clock) -> None:
    """Masks for every matrix acted on, from the key alone; a `where` that names none is refused."""
    begin = partial(sparsifier.init, jax.random.key(0), prunables, clock)
    state, acted = begin(draw(99, prunables)), sparsifier.acted(prunables)
    expected = sorted(p.path for p in acted)
    claim(sorted(state.masks) == expected, f"init must give masks for {expected}, got {sorted(state.masks)}")
    for p in acted:
        mask = state.masks[p.path]
        claim(mask.shape == p.shape and mask.dtype == bool, f"the mask of {p.path} must be boolean, of shape {p.shape}")
    same(state, begin(draw(99, prunables)), "init must give the same state for the same key and weights")
    if any(f.name == "where" for f in dataclasses.fields(sparsifier)):  # type: ignore[arg-type]
        lost = dataclasses.replace(sparsifier, where=("no/such",))  # type: ignore[type-var]
        try:
            lost.init(jax.random.key(0), prunables, clock, draw(99, prunables))
        except SpecError:
            return
        raise AssertionError("a `where` that names no matrix must raise SpecError in init (self.acted does)")


def check_due(sparsifier: AbstractSparsifier, clock: Clock) -> None:
    """`due` is the same for plain, NumPy and traced steps; masks never change before the first update."""
    steps = np.arange(clock.horizon + 1)
    at = lambda s: jnp.broadcast_to(jnp.asarray(sparsifier.due(clock._replace(step=s))), jnp.shape(s))
    expected = np.asarray(at(steps))
    claim(not expected[0], "due must be False at step 0: masks change after an update, never before the first")
    same(np.asarray(jax.jit(at)(steps)), expected, "due must be the same compiled (traced steps) and for NumPy steps")
    some = steps[:: max(1, len(steps) // 20)]
    single = [bool(sparsifier.due(clock._replace(step=int(s)))) for s in some]
    claim(single == expected[some].tolist(), "due must be the same for a plain step and for an array of steps")
    claim(not (sparsifier.by_rounds and expected.any()), "a sparsifier by rounds is never due within a training")


def check_change(sparsifier: AbstractSparsifier, change: Change) -> None:
    """Zeros outside the masks, marks on all that changed, the same bits in all that stays."""
    claim(
        structure(change.after) == structure(change.before),
        "the state must keep its structure: the compiled loop carries it",
    )
    for old, new in zip(jax.tree.leaves(change.before), jax.tree.leaves(change.after), strict=True):
        claim((old.shape, old.dtype) == (new.shape, new.dtype), "arrays of the state must keep their shapes and types")
    claim(set(change.changed) == set(change.after.masks), "`changed` must have the paths of the masks")
    _, before, seen, after, weights, marked = copies(change._replace(key=0))
    for path, mask in after.masks.items():
        old, w, marks = before.masks[path], get(weights, path), marked[path]
        given = get(seen.weights, path)
        claim(w.dtype == given.dtype, f"{path}: weights must keep their type {given.dtype}, got {w.dtype}")
        claim(not w[~mask].any(), f"{path}: weights outside the mask must be exactly 0")
        claim(not w[marks & ~mask].any(), f"{path}: what is dropped must be exactly 0")
        size = w.dtype.type(sparsifier.newborn)
        claim((abs(w[marks & mask]) == size).all(), f"{path}: new connections must be exactly {size} in size")
        stay = mask & ~marks
        same(w[stay], given[stay], f"{path}: weights that stay must keep their bits")
        claim(marks[old != mask].all(), f"{path}: `changed` must mark all that is dropped or grown")
        if sparsifier.only_removes:
            claim(not (mask & ~old).any(), f"{path}: it says only_removes, and a missing connection came")
    if sparsifier.keeps_count:
        ones = nonzeros(before.masks), nonzeros(after.masks)
        claim(ones[0] == ones[1], f"it says keeps_count, and {ones[0]} connections became {ones[1]}")
    others = lambda tree: {k: v for k, v in flatten(tree).items() if k not in after.masks}
    same(others(weights), others(seen.weights), "weights that are not acted on must stay as they are")


def check_counts(
    sparsifier: AbstractSparsifier, changes: list[Change], prunables: tuple[Prunable, ...], clock: Clock
) -> None:
    """The exact number of ones at the end is the announced one."""
    begun = sparsifier.init(jax.random.key(0), prunables, clock, draw(99, prunables))
    reached = nonzeros(changes[-1].after.masks if changes else begun.masks)
    last = changes[-1].seen.clock if changes and sparsifier.by_rounds else clock
    for of in (prunables, sparsifier.acted(prunables)):
        told = sparsifier.final_count(of, last) if of else 0
        if sparsifier.announces == "most":
            claim(told >= reached, f"final_count must be the most there can be at the end; {told}, and {reached} are")
            continue
        claim(told == reached, f"final_count must be the number of ones at the end, {reached}; got {told}")


def check_pure(
    sparsifier: AbstractSparsifier, changes: list[Change], prunables: tuple[Prunable, ...], bits: bool
) -> None:
    """The same arguments give the same result, nothing is changed in place, NumPy arrays do as well."""
    for i, change in enumerate(changes):
        key, before, seen, *found = change
        given = SparseState(copies(before.masks), before.memory), seen._replace(weights=copies(seen.weights))
        kept = copies(given[0].masks), copies(given[1].weights)
        asked = None if sparsifier.traceable else importance
        again = sparsifier.update_masks(key, *given, asked)
        same(kept, (given[0].masks, given[1].weights), "update_masks must not change its arguments in place")
        agree(tuple(found), again, bits, "NumPy arrays must give the same masks as JAX arrays")
        if i == 0:
            again = sparsifier.update_masks(key, before, seen, asked)
            same(tuple(found), again, "update_masks must give the same masks for the same key: draw from `key` alone")
    if changes and not sparsifier.by_rounds:
        state, kept = changes[0].before, copies(changes[0].before)
        one, two = (sparsifier.accumulate(state, draw(0, prunables)) for _ in range(2))
        same(copies(one), copies(two), "accumulate must give the same state for the same gradients")
        same(copies(state), kept, "accumulate must not change its arguments in place")
        same(one.masks, state.masks, "accumulate must leave the masks alone")


def check_nudge(sparsifier: AbstractSparsifier, prunables: tuple[Prunable, ...], clock: Clock) -> None:
    """`nudge` moves weights inside the masks only, by the key alone."""
    state = sparsifier.init(jax.random.key(0), prunables, clock, draw(99, prunables))
    weights = draw(5, prunables)
    weights = replace(weights, {path: get(weights, path) * mask for path, mask in state.masks.items()})
    at = clock._replace(step=clock.steps_per_epoch)
    one, two = (sparsifier.nudge(jax.random.key(1), state, weights, RATE, at) for _ in range(2))
    same(one, two, "nudge must give the same weights for the same key")
    for path, mask in state.masks.items():
        claim(not np.asarray(get(one, path))[~np.asarray(mask)].any(), f"{path}: nudge must stay inside the mask")
    others = lambda tree: {k: v for k, v in flatten(tree).items() if k not in state.masks}
    same(others(one), others(weights), "nudge must leave weights that are not acted on as they are")


def check_compiled(sparsifier: AbstractSparsifier, changes: list[Change], bits: bool) -> None:
    """`update_masks` compiles, with traced steps, and chooses as it does on the host."""
    if not changes:
        return
    horizon = changes[0].seen.clock

    @partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})  # compiles in half the time
    def compiled(key: Any, state: Any, seen: Snapshot, step: Any, round: Any) -> Any:
        return sparsifier.update_masks(key, state, seen._replace(clock=horizon._replace(step=step, round=round)))

    for key, before, seen, *found in changes:
        try:
            again = compiled(key, before, seen._replace(clock=Clock(0)), seen.clock.step, seen.clock.round)
        except (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError) as error:
            raise AssertionError(f"update_masks must compile, or `traceable` be False: {error}") from None
        agree(tuple(found), again, bits, "compiled masks must be those of the host")


def agree(one: Any, two: Any, bits: bool, expected: str) -> None:
    """Two results of `update_masks`: bit for bit, or as many ones and all but one in fifty in the same places."""
    if bits:
        same(copies(one), copies(two), expected)
        return
    (state, weights, _), (other, others, _) = copies(one), copies(two)
    count = nonzeros(state.masks), nonzeros(other.masks)
    claim(count[0] == count[1], f"{expected}: {count[0]} connections against {count[1]}")
    size = sum(mask.size for mask in state.masks.values())
    differ = sum(int((mask != other.masks[path]).sum()) for path, mask in state.masks.items())
    claim(differ <= 2 + size // 50, f"{expected}: {differ} of {size} entries differ")
    agreed = {path: (state.masks[path] == other.masks[path]) for path in state.masks}
    both = lambda tree: {path: get(tree, path) * mask for path, mask in agreed.items()}
    off = sum(int((a != b).sum()) for a, b in zip(both(weights).values(), both(others).values(), strict=True))
    claim(off <= 2 + size // 50, f"{expected}: {off} weights differ")
    close(state.memory, other.memory, f"{expected}: their memories", 1e-4)
