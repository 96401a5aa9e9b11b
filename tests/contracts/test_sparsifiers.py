"""What every sparsifier promises, over the whole registry and over combinations of the parts."""

import importlib
import itertools

import jax
import pytest

from sparsernn.errors import SpecError
from sparsernn.masks import nonzeros
from sparsernn.registry import Registry
from sparsernn.sparsifiers import BY_ROUNDS, DROPS, GROWS, REDISTRIBUTIONS, SCHEDULES, SPARSIFIERS, STARTS
from sparsernn.sparsifiers.base import AbstractSparsifier
from sparsernn.sparsifiers.schedule import AbstractRamp
from sparsernn.spec import Part, build, plain, registry_of
from sparsernn.testing import check_sparsifier
from sparsernn.testing.sparsifier import CLOCK, PRUNABLES, draw, moments, simulate

TWO = ["cell1/recurrent", "readout"]
REQUIRED = {"pruner": {"schedule": "cubic", "density": 0.1}, "granet": {"every": 20}, "restarting": {"of": "set"}}
"""Members whose defaults are not complete, or too slow for a training of 200 updates."""


def fields_of(schedule):
    return {"density": 0.1} if schedule in registry_of(AbstractRamp).names() else {"drop_fraction": 0.3}


def members():
    for name in SPARSIFIERS:
        yield name, {name: REQUIRED.get(name, {})}
    for schedule, drop in itertools.product(SCHEDULES, DROPS):
        fields = {"schedule": schedule, "drop": drop, "where": TWO, **fields_of(schedule)}
        yield f"pruner-{schedule}-{drop}", {"pruner": fields}
    for drop in DROPS:
        fields = {"schedule": "cubic", "drop": drop, "where": TWO, "density": 0.1, "scope": "matrix"}
        yield f"pruner-cubic-{drop}-matrix", {"pruner": fields}
    yield "growing_threshold-published", {"growing_threshold": {"exact": False, "scope": "matrix", "where": TWO}}
    yield "growing_threshold-first", {"growing_threshold": {"quantile": "first", "where": TWO}}
    for drop, grow in itertools.product(DROPS, GROWS):
        yield f"rewirer-{drop}-{grow}", {"rewirer": {"drop": drop, "grow": grow, "where": TWO, "decay": "cosine"}}
    for grow, redistribute in itertools.product(GROWS, REDISTRIBUTIONS):
        yield f"rewirer-{grow}-{redistribute}", {"rewirer": {"grow": grow, "redistribute": redistribute, "where": TWO}}
    for ramp, (begin, end) in itertools.product(registry_of(AbstractRamp).names(), [(0.6, 0.2), (0.2, 0.6)]):
        fields = {"ramp": ramp, "initial_density": begin, "density": end, "redistribute": "magnitude", "where": TWO}
        yield f"rewirer-{ramp}-{begin}-{end}", {"rewirer": fields}
    for start in STARTS:
        where = ["recurrent"] if Registry("start", STARTS).resolve(start).square else TWO
        for schedule in SCHEDULES:
            yield f"rewirer-{start}-{schedule}", {"rewirer": {"start": start, "schedule": schedule, "where": where}}
        yield f"static-{start}", {"static": {"start": start, "where": where}}


MEMBERS = dict(members())


def read(form):
    return build(AbstractSparsifier, form)


def compiles(name):
    """All that can, but of schedules with criteria (no two of which meet inside the compiled code) each one once."""
    _, *parts = name.split("-")
    return len(parts) < 2 or parts[0] == "cubic" or parts[1] == "magnitude" or parts[0] in DROPS


@pytest.mark.parametrize("name", MEMBERS)
def test_sparsifier(name):
    sparsifier = read(MEMBERS[name])
    check_sparsifier(sparsifier, bits=True, compiled=compiles(name))
    assert repr(sparsifier).startswith(type(sparsifier).__name__)


@pytest.mark.parametrize("name", SPARSIFIERS)
def test_those_that_change_masks_do(name):
    sparsifier = read(MEMBERS[name])
    still = sparsifier.keeps_count and sparsifier.only_removes
    assert bool(moments(sparsifier, CLOCK)) is not still
    if not still:
        assert any(m.any() for change in itertools.islice(simulate(sparsifier), 3) for m in change.changed.values())


@pytest.mark.parametrize(
    "name",
    [
        "static",
        "deepr",
        "deepr_epoch",
        "rewirer",
        "pruner",
        "one_shot",
        "gradual_cubic",
        "growing_threshold",
        "set",
        "rigl",
        "granet",
        "snip",
    ],
)
def test_densities_at_the_edge(name):
    fields = REQUIRED.get(name, {})
    full = read({name: {**fields, "density": 1.0}})
    size = sum(p.size for p in full.acted(PRUNABLES))
    assert full.final_count(PRUNABLES, CLOCK) == size
    if full.keeps_count or full.only_removes:  # else it comes from elsewhere
        assert all(nonzeros(change.after.masks) == size for change in itertools.islice(simulate(full), 20))
    one = read({name: {**fields, "density": 1 / 400, "where": ["cell0/recurrent"]}})
    assert one.final_count(PRUNABLES, CLOCK) == 1
    masks = one.init(jax.random.key(0), PRUNABLES, CLOCK, draw(99)).masks
    for change in simulate(one):
        masks = change.after.masks
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
    assert set(BY_ROUNDS) == {name for name in SPARSIFIERS if read(MEMBERS[name]).by_rounds}
