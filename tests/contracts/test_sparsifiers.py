"""What every sparsifier promises, over the whole registry and over combinations of the parts."""

import functools
import importlib
import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.masks import Prunable, nonzeros
from sparsernn.registry import Registry
from sparsernn.sparsifiers import BY_ROUNDS, DROPS, GROWS, REDISTRIBUTIONS, SCHEDULES, SPARSIFIERS, STARTS
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock, Snapshot, SparseState
from sparsernn.spec import Part, build, identity, plain
from sparsernn.weights import flatten, get, replace

PRUNABLES = (
    Prunable("cell0/recurrent", "recurrent", 1, 20, 20),
    Prunable("cell1/recurrent", "recurrent", 4, 8, 8),
    Prunable("cell1/input", "input", 4, 8, 3),
    Prunable("readout", "readout", 1, 3, 8),
)
CLOCK = Clock(0, 0, 50, 4)
TWO = ["cell1/recurrent", "readout"]
REQUIRED = {"pruner": {"schedule": "cubic", "density": 0.1}}  # members that have no complete defaults


def fields_of(schedule):
    return {"drop_fraction": 0.3} if schedule in ("per_round", "every_epoch", "every_steps") else {"density": 0.1}


def members():
    for name in SPARSIFIERS:
        yield name, {name: REQUIRED.get(name, {})}
    for schedule, drop in itertools.product(SCHEDULES, DROPS):
        fields = {"schedule": schedule, "drop": drop, "where": TWO, **fields_of(schedule)}
        yield f"pruner-{schedule}-{drop}", {"pruner": fields}
    for drop in DROPS:
        fields = {"schedule": "cubic", "drop": drop, "where": TWO, "density": 0.1, "scope": "matrix"}
        yield f"pruner-cubic-{drop}-matrix", {"pruner": fields}
    for drop, grow in itertools.product(DROPS, GROWS):
        yield f"rewirer-{drop}-{grow}", {"rewirer": {"drop": drop, "grow": grow, "where": TWO, "decay": "cosine"}}
    for grow, redistribute in itertools.product(GROWS, REDISTRIBUTIONS):
        yield f"rewirer-{grow}-{redistribute}", {"rewirer": {"grow": grow, "redistribute": redistribute, "where": TWO}}
    for start in STARTS:
        where = ["recurrent"] if Registry("start", STARTS).resolve(start).square else TWO
        for schedule in SCHEDULES:
            yield f"rewirer-{start}-{schedule}", {"rewirer": {"start": start, "schedule": schedule, "where": where}}
        yield f"static-{start}", {"static": {"start": start, "where": where}}


MEMBERS = dict(members())
each = pytest.mark.parametrize("name", MEMBERS)


def read(form):
    return build(AbstractSparsifier, form)


def importance(path, indices, starts):
    """A harm that is a function of the place alone, with equal values among them."""
    return np.round(np.sin(np.add.outer(indices * 1.7 + len(path), np.arange(starts))), 1)


def draw(seed, scale=1.0):
    """Weights with a bias nobody prunes, some exact zeros."""
    rng = np.random.default_rng(seed)
    arrays = {p.path: np.where(rng.random(p.shape) < 0.1, 0, rng.normal(size=p.shape) * scale) for p in PRUNABLES}
    flat = arrays | {"cell0/bias": rng.normal(size=20)}
    weights = {"cell0": {}, "cell1": {}}
    for path, array in flat.items():
        room, _, name = path.rpartition("/")
        (weights[room] if room else weights)[name] = jnp.asarray(array, jnp.float32)
    return weights


def activity(seed):
    rng = np.random.default_rng(seed)
    return {p.path: jnp.asarray(rng.uniform(0.1, 2, p.source), jnp.float32) for p in PRUNABLES}


def snapshot(sparsifier, clock, seed, masks):
    weights = draw(seed)
    weights = replace(weights, {path: get(weights, path) * mask for path, mask in masks.items()})
    return Snapshot(clock, weights, draw(seed + 1000), activity(seed) if sparsifier.needs_activity else None)


def clocks(sparsifier):
    """Moments at which masks change: steps of one training, or beginnings of rounds."""
    if sparsifier.by_rounds:
        return [CLOCK._replace(round=r) for r in range(1, 4)]
    steps = np.arange(1, CLOCK.horizon + 1)
    due = np.broadcast_to(sparsifier.due(CLOCK._replace(step=steps)), steps.shape)
    return [CLOCK._replace(step=int(s)) for s in steps[due]]


@functools.cache
def history(name):
    """What happens to a member of the list, computed once."""
    return list(simulate(read(MEMBERS[name])))


def simulate(sparsifier, seed=0):
    """(clock, before, snapshot, after, weights, changed) at every moment of a simulated training."""
    key = jax.random.key(seed)
    state = sparsifier.init(key, PRUNABLES, CLOCK, draw(99))
    for i, clock in enumerate(clocks(sparsifier)):
        seen = snapshot(sparsifier, clock, 10 * seed + i, state.masks)
        after, weights, changed = sparsifier.update_masks(jax.random.fold_in(key, i), state, seen, importance)
        yield clock, state, seen, after, weights, changed
        state = after


def copies(tree):
    return jax.tree.map(np.array, tree)


def same(one, two):
    assert jax.tree.structure(one) == jax.tree.structure(two)
    jax.tree.map(np.testing.assert_array_equal, one, two)


@each
def test_round_trip_repr_hash(name):
    sparsifier = read(MEMBERS[name])
    again = build(AbstractSparsifier, plain(sparsifier))
    assert again == sparsifier
    assert hash(again) == hash(sparsifier)
    assert identity(again) == identity(sparsifier)
    assert repr(sparsifier).startswith(type(sparsifier).__name__)
    assert plain(again) == plain(sparsifier)


@each
def test_masks_begin_as_said(name):
    sparsifier = read(MEMBERS[name])
    state = sparsifier.init(jax.random.key(0), PRUNABLES, CLOCK, draw(99))
    assert set(state.masks) == {p.path for p in sparsifier.acted(PRUNABLES)}
    for p in sparsifier.acted(PRUNABLES):
        assert state.masks[p.path].shape == p.shape
        assert state.masks[p.path].dtype == bool
    same(state, sparsifier.init(jax.random.key(0), PRUNABLES, CLOCK, draw(99)))


@each
def test_every_update_is_exact(name):
    sparsifier = read(MEMBERS[name])
    state = sparsifier.init(jax.random.key(0), PRUNABLES, CLOCK, draw(99))
    reached, moved = nonzeros(state.masks), False
    for clock, before, seen, after, weights, changed in history(name):
        reached = nonzeros(after.masks)
        assert jax.tree.structure(after) == jax.tree.structure(before)
        assert set(changed) == set(after.masks)
        before, after, seen, weights, changed = copies((before, after, seen, weights, changed))
        for path, mask in after.masks.items():
            old, w, marks = before.masks[path], get(weights, path), changed[path]
            assert (mask.dtype, w.dtype) == (bool, np.float32)
            assert not w[~mask].any()
            assert not w[marks].any()
            stay = mask & ~marks
            np.testing.assert_array_equal(w[stay], get(seen.weights, path)[stay])
            assert not (stay & ~old).any()  # what stays was there
            assert marks[old != mask].all()
            assert not (marks & ~(old | mask)).any()
            moved |= bool(marks.any())
        untouched = {k: v for k, v in flatten(weights).items() if k not in after.masks}
        same(untouched, {k: v for k, v in flatten(seen.weights).items() if k not in after.masks})
        if type(sparsifier).__name__ != "Pruner":
            assert reached == nonzeros(before.masks)
        else:
            assert all(not (after.masks[p] & ~before.masks[p]).any() for p in after.masks)
        assert clock.step <= CLOCK.horizon
    last = CLOCK._replace(round=clock.round if sparsifier.by_rounds else 0) if clocks(sparsifier) else CLOCK
    assert sparsifier.final_count(PRUNABLES, last) == reached
    assert sparsifier.final_count(sparsifier.acted(PRUNABLES), last) == reached
    still = type(sparsifier).__name__ in ("Dense", "Static")
    assert moved is not still
    assert bool(clocks(sparsifier)) is not still


def compiles():
    """All that can, but of schedules with criteria (no two of which meet inside the compiled code) each one once."""
    for name in MEMBERS:
        _, *parts = name.split("-")
        once = len(parts) < 2 or parts[0] == "cubic" or parts[1] == "magnitude" or parts[0] in DROPS
        if once and read(MEMBERS[name]).traceable:
            yield name


@pytest.mark.parametrize("name", list(compiles()))
def test_compiled_equals_eager(name):
    sparsifier = read(MEMBERS[name])

    @partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})  # compiles in half the time
    def compiled(key, state, weights, gradients, activity, step):
        clock = CLOCK._replace(step=step)
        return sparsifier.update_masks(key, state, Snapshot(clock, weights, gradients, activity))

    for i, (clock, before, seen, *result) in enumerate(history(name)):
        key = jax.random.fold_in(jax.random.key(0), i)
        same(tuple(result), compiled(key, before, seen.weights, seen.gradients, seen.activity, clock.step))


@each
def test_same_key_same_bits_and_nothing_is_changed_in_place(name):
    sparsifier = read(MEMBERS[name])
    for i, (_, before, seen, *result) in enumerate(history(name)):
        key = jax.random.fold_in(jax.random.key(0), i)
        host = SparseState(copies(before.masks), before.memory), seen._replace(weights=copies(seen.weights))
        kept = copies(host)
        again = sparsifier.update_masks(key, *host, importance)
        same(kept, host)
        same(copies(tuple(result)), copies(again))  # NumPy arrays in, the same numbers out
        if i == 0:
            same(tuple(result), sparsifier.update_masks(key, before, seen, importance))


@each
def test_accumulate_and_due_are_pure(name):
    sparsifier = read(MEMBERS[name])
    state = sparsifier.init(jax.random.key(0), PRUNABLES, CLOCK, draw(99))
    kept = copies(state)
    same(copies(sparsifier.accumulate(state, draw(0))), copies(sparsifier.accumulate(state, draw(0))))
    same(kept, copies(state))
    traced = jax.jit(jax.vmap(lambda s: jnp.asarray(sparsifier.due(CLOCK._replace(step=s)))))
    steps = np.arange(CLOCK.horizon + 1)
    assert isinstance(sparsifier.due(CLOCK), bool | np.bool_)
    expected = np.broadcast_to(sparsifier.due(CLOCK._replace(step=steps)), steps.shape)
    np.testing.assert_array_equal(traced(steps), expected)
    assert not expected[0]  # masks change after an update, not before the first


@pytest.mark.parametrize("name", sorted(set(SPARSIFIERS) - {"dense"}))
def test_no_such_matrix(name):
    lost = read({name: {**REQUIRED.get(name, {}), "where": ["embedding", "cell7/recurrent"]}})
    with pytest.raises(SpecError, match="names no matrix"):
        lost.init(jax.random.key(0), PRUNABLES, CLOCK, draw(99))


@pytest.mark.parametrize("name", ["static", "deepr", "rewirer", "pruner", "one_shot", "gradual_cubic", "set", "rigl"])
def test_densities_at_the_edge(name):
    fields = REQUIRED.get(name, {})
    full = read({name: {**fields, "density": 1.0}})
    size = sum(p.size for p in full.acted(PRUNABLES))
    assert full.final_count(PRUNABLES, CLOCK) == size
    for *_, after, _, _ in simulate(full):
        assert nonzeros(after.masks) == size
    one = read({name: {**fields, "density": 1 / 400, "where": ["cell0/recurrent"]}})
    assert one.final_count(PRUNABLES, CLOCK) == 1
    masks = one.init(jax.random.key(0), PRUNABLES, CLOCK, draw(99)).masks
    for *_, after, _, _ in simulate(one):
        masks = after.masks
    assert nonzeros(masks) == 1
    with pytest.raises(SpecError, match="density"):
        read({name: {**fields, "density": 1e-6}}).init(jax.random.key(0), PRUNABLES, CLOCK, draw(99))
    for density in (0.0, -1.0, 1.5):
        with pytest.raises(SpecError, match="density"):
            read({name: {**fields, "density": density}})


@pytest.mark.parametrize("table", [STARTS, SCHEDULES, DROPS, GROWS, REDISTRIBUTIONS], ids=lambda t: next(iter(t)))
def test_every_part_is_in_its_registry_and_travels(table):
    for name, place in table.items():
        module, _, attribute = place.partition(":")
        member = getattr(importlib.import_module(module), attribute)
        family = next(c for c in member.__mro__ if "registry" in c.__dict__)
        assert issubclass(family, Part)
        assert family.registry.members is table
        part = build(family, name)
        assert type(part) is member
        assert build(family, plain(part)) == part
        assert hash(part) == hash(build(family, name))
        assert member.__doc__


def test_the_criteria_of_comparisons_are_the_presets_by_rounds():
    complete = [name for name in SPARSIFIERS if name not in REQUIRED]
    assert set(BY_ROUNDS) == {name for name in complete if read(name).by_rounds}
