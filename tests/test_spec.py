import abc
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsernn.errors import SpecError
from sparsernn.files.spec_file import override, parse_yaml
from sparsernn.models.network import Network
from sparsernn.models.plrnn import PLRNN
from sparsernn.registry import Registry
from sparsernn.rules import at_least, holds, positive, within
from sparsernn.spec import Checked, Part, build, identity, plain
from sparsernn.tasks.reconstruction import Reconstruction


class Animal(Part):
    registry = Registry("animal", {"cat": f"{__name__}:Cat", "dog": f"{__name__}:Dog", "kitten": f"{__name__}:kitten"})


class AbstractClimbingAnimal(Animal):
    """Those that climb: a family within the family."""

    @abc.abstractmethod
    def climb(self): ...


@dataclass(frozen=True)
class Cat(AbstractClimbingAnimal):
    lives: int = 9
    weight: float = 4.0
    name: str = "Tom"
    mood: Literal["kind", "wild"] = "kind"
    friends: tuple[Animal, ...] = ()
    favorite: Animal | None = None
    box: tuple[int, ...] | Literal["auto"] | None = None
    legs: ClassVar[int] = 4

    def climb(self):
        return "up"

    rules = (positive("lives"), holds(lambda weight: weight < 99, "too heavy"))


@dataclass(frozen=True)
class Dog(Animal):
    age: float
    tricks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stray(Animal):
    """Not registered."""


def kitten(lives: int = 1, weight: float = 0.5) -> Cat:
    """A preset: a function that returns a part."""
    return Cat(lives=lives, weight=weight, name="kitten")


@dataclass(frozen=True)
class Tree(Checked):
    top: AbstractClimbingAnimal = Cat()
    branches: tuple[AbstractClimbingAnimal, ...] = ()
    hollow: AbstractClimbingAnimal | None = None


@dataclass(frozen=True)
class House:
    tenants: tuple[Animal, ...]
    rent: Animal | float = 10.0
    where: Path = Path("here")


def problems(kind, value, where=""):
    with pytest.raises(SpecError) as caught:
        build(kind, value, where)
    return caught.value.problems


# reading


@pytest.mark.parametrize(
    ("form", "part"),
    [
        ("cat", Cat()),
        ({"cat": None}, Cat()),
        ({"cat": {}}, Cat()),
        ({"cat": {"lives": 3, "mood": "wild"}}, Cat(3, mood="wild")),
        ({"cat": {"friends": ["cat", {"dog": {"age": 1}}]}}, Cat(friends=(Cat(), Dog(1.0)))),
        ({"cat": {"favorite": {"dog": {"age": 2}}}}, Cat(favorite=Dog(2.0))),
        ({"cat": {"favorite": None}}, Cat()),
        ({"cat": {"box": [1, 2]}}, Cat(box=(1, 2))),
        ({"cat": {"box": "auto"}}, Cat(box="auto")),
        ({"kitten": {"weight": "1e-1"}}, Cat(1, 0.1, "kitten")),  # YAML 1.1 reads 1e-1 as a string
        (Cat(2), Cat(2)),
    ],
)
def test_forms_of_a_part(form, part):
    assert build(Animal, form) == part


def test_a_dataclass_of_parts():
    house = build(House, {"tenants": ["cat", "kitten"], "rent": "cat", "where": "there"})
    assert house == House((Cat(), kitten()), Cat(), Path("there"))
    assert build(House, {"tenants": [], "rent": 3}) == House((), 3.0)
    assert build(House, {"tenants": [Cat(1), "cat"]}) == House((Cat(1), Cat()))


def test_a_field_of_an_abstract_class_takes_the_members_that_belong_to_it():
    tree = build(
        Tree, {"top": "kitten", "branches": ["cat", {"cat": {"lives": 2}}], "hollow": {"kitten": {"lives": 3}}}
    )
    assert tree == Tree(kitten(), (Cat(), Cat(2)), kitten(3))
    assert build(Tree, plain(tree)) == tree
    assert Tree(top="kitten") == Tree(kitten())
    assert plain(tree)["hollow"] == plain(kitten(3))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"top": "dog"}, 'top: unknown climbing animal "dog"; known: cat, kitten'),
        ({"top": "kiten"}, 'top: unknown climbing animal "kiten", did you mean "kitten"?'),
        ({"hollow": {"dog": {"age": 1}}}, 'hollow: unknown climbing animal "dog"; known: cat, kitten'),
        ({"branches": ["cat", {"cat": {"lifes": 3}}]}, 'branches.1.cat.lifes: unknown field, did you mean "lives"?'),
        (
            {"top": Dog(1.0)},
            "top: expected one climbing animal as its name or {name: {field: value}}, got "
            "Dog(age=1.0, tricks=()); known: cat, kitten",
        ),
    ],
)
def test_what_an_abstract_class_does_not_take(fields, said):
    assert problems(Tree, fields) == [said]


def test_every_problem_is_told_with_its_place():
    found = problems(
        House,
        {
            "tenants": [
                {"cat": {"lifes": 3, "mood": "sleepy", "weight": "heavy"}},
                "dgo",
                {"dog": {"tricks": ["sit", 3]}},
                {"cat": {"lives": 0, "weight": 100}},
                {"cat": {"friends": [{"cat": {"lives": 1.5}}]}},
                7,
            ],
            "rant": 1,
        },
        "house",
    )
    for place, text in (
        ("house.tenants.0.cat.lifes", 'unknown field, did you mean "lives"?'),
        ("house.tenants.0.cat.mood", "'kind' or 'wild', got 'sleepy'"),
        ("house.tenants.0.cat.weight", "valid number"),
        ("house.tenants.1", 'unknown animal "dgo", did you mean "dog"?'),
        ("house.tenants.2.dog.age", "missing"),
        ("house.tenants.2.dog.tricks.1", "valid string, got 3"),
        ("house.tenants.3.cat", "lives must be positive, got 0"),
        ("house.tenants.3.cat", "too heavy"),
        ("house.tenants.4.cat.friends.0.cat.lives", "got 1.5"),
        (
            "house.tenants.5",
            "expected one animal as its name or {name: {field: value}}, got 7; known: cat, dog, kitten",
        ),
        ("house.rant", 'unknown field, did you mean "rent"?'),
    ):
        assert any(p.startswith(f"{place}: ") and text in p for p in found), f"{place}: {text} not in\n" + "\n".join(
            found
        )
    assert len(found) == 11


def test_a_name_far_from_all_lists_what_is_known():
    assert problems(Animal, {"cat": {"favorite": "xyzzy"}}) == [
        'cat.favorite: unknown animal "xyzzy"; known: cat, dog, kitten'
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "nan", "-inf", "1e400"])
def test_numbers_that_are_none_are_refused(value):
    (problem,) = problems(Animal, {"cat": {"weight": value}})
    assert problem.startswith("cat.weight: input should be a finite number")


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"box": "atuo"}, "box"),
        ({"box": ["a"]}, "box.0"),
        ({"lives": 2**0.5}, "lives"),
        ({"lives": None}, "lives"),
        ({"name": 5}, "name"),
        ({"friends": "cat"}, "friends"),
        ({"friends": {"cat": {}}}, "friends"),
        ({"favorite": {"cat": {}, "dog": {}}}, "favorite"),
        ({"favorite": []}, "favorite"),
        ({"legs": 3}, "legs"),
    ],
)
def test_wrong_kinds_of_values_are_refused(fields, place):
    (problem,) = problems(Animal, {"cat": fields})
    assert f"cat.{place}: " in problem


def test_a_union_of_part_and_number_reports_the_part():
    (problem,) = problems(House, {"tenants": [], "rent": {"cat": {"lifes": 2}}})
    assert problem == 'rent.cat.lifes: unknown field, did you mean "lives"?'


def test_fields_must_be_named():
    assert problems(Animal, {"cat": [9]}) == ["cat: expected fields as {name: value}, got [9]"]


@dataclass(frozen=True)
class Ramp(Checked):
    begin: float = 0.0
    end: float = 1.0
    steps: int = 10
    share: float | None = None
    names: tuple[str, ...] = ()
    pet: Animal | None = None

    rules = (
        at_least(1, "steps"),
        at_least(0, "begin"),
        within("(0, 1]", "share"),
        holds(lambda begin, end: begin < end, "begin must be below end, got {begin} and {end}"),
        holds(lambda names, pet: pet is None or names, lambda names, pet: f"{pet.name} needs a name"),
    )


def test_every_rule_whose_fields_have_values_is_asked_whatever_else_is_wrong():
    found = problems(Ramp, {"begin": 2, "steps": 0, "share": 2, "stepz": 1, "names": 5, "pet": "cat"})
    assert found == [
        'stepz: unknown field, did you mean "steps"?',
        "names: input should be a valid tuple, got 5",
        "steps must be at least 1, got 0",
        "share must lie in (0, 1], got 2.0",
        "begin must be below end, got 2.0 and 1.0",
    ]
    assert problems(Ramp, {"end": "x", "begin": -1, "pet": "kitten"}) == [
        "end: input should be a valid number, unable to parse string as a number, got 'x'",
        "begin must not be negative, got -1.0",
        "kitten needs a name",
    ]
    misspelled = problems(Ramp, {"pet": "cat", "nomes": ["a"]})
    assert misspelled == ['nomes: unknown field, did you mean "names"?'], "names are not missing"


@pytest.mark.parametrize(
    ("interval", "good", "bad"),
    [("(0, 1]", (0.1, 1, None), (0, 1.1)), ("[0, 1)", (0, 0.9), (-0.1, 1)), ("(2, 3)", (2.5,), (2, 3))],
)
def test_intervals(interval, good, bad):
    rule = within(interval, "x")
    assert [rule.broken({"x": x}) for x in good] == [None] * len(good)
    assert [rule.broken({"x": x}) for x in bad] == [f"x must lie in {interval}, got {x}" for x in bad]
    assert rule.broken({}) is None


def test_a_part_made_in_python_is_checked_and_brought_to_its_types():
    ramp = Ramp(steps=np.int64(3), share=1, names=["a"], pet={"kitten": {"weight": 1}})
    assert ramp == Ramp(0.0, 1.0, 3, 1.0, ("a",), kitten(weight=1.0))
    assert (type(ramp.steps), type(ramp.share), type(ramp.names)) == (int, float, tuple)
    with pytest.raises(SpecError) as caught:
        Ramp(begin=float("nan"), steps=2.5, share=0, pet="dgo")
    assert [p.split(":")[0] for p in caught.value.problems] == [
        "begin",
        "steps",
        "pet",
        "share must lie in (0, 1], got 0.0",
    ]
    assert str(caught.value).startswith("4 problems:\n  - begin: input should be a finite number")
    assert caught.value.exit_code == 2
    with pytest.raises(SpecError, match="mood: input should be 'kind' or 'wild'"):
        Cat(mood="sleepy")


@dataclass(frozen=True)
class Snail(AbstractClimbingAnimal):
    """Does not say how it climbs."""


def test_a_member_without_a_method_of_its_family_is_refused(monkeypatch):
    monkeypatch.setitem(Animal.registry.members, "snail", f"{__name__}:Snail")
    assert problems(Animal, "snail", "pet") == ["pet.snail: Snail is not finished: it has no climb"]
    with pytest.raises(TypeError, match="climb"):
        Snail()


# writing


def test_plain_form_is_fully_resolved():
    assert plain(kitten(2)) == {
        "cat": {
            "lives": 2, "weight": 0.5, "name": "kitten", "mood": "kind", "friends": [], "favorite": None, "box": None,
        }
    }  # fmt: skip
    assert plain(House((Dog(1.0, ("sit",)),))) == {
        "tenants": [{"dog": {"age": 1.0, "tricks": ["sit"]}}],
        "rent": 10.0,
        "where": "here",
    }


def test_an_unregistered_part_is_called_by_its_place():
    assert plain(Stray()) == {f"{__name__}:Stray": {}}


def test_identity_is_pinned():
    """A change here gives every run on every disk another name."""
    text = '{"cells":[{"plrnn":{"hidden":50,"mean_centered":true}}],"dropout":null,"embedding":null,"tied":false}'
    pinned = "23069549d144b2e281e96b0bdfc91eb2dc34b76347a891aaaae3c6383c667bc8"
    assert identity(Network((PLRNN(),))) == hashlib.sha256(text.encode()).hexdigest() == pinned


def test_identity_sees_values_not_spelling():
    forms = ({"cat": {"weight": 4, "lives": 9}}, {"cat": {"lives": "9"}}, "cat", {"cat": {"weight": "4e0"}})
    assert len({identity(build(Animal, form)) for form in forms}) == 1
    others = ({"cat": {"weight": 4.000000000000001}}, {"cat": {"name": "tom"}}, {"cat": {"box": []}}, "kitten")
    assert len({identity(build(Animal, form)) for form in (*forms, *others)}) == 5
    assert identity({"a": 1, "b": 0.1}) == identity({"b": 0.1, "a": 1}) != identity({"a": 1, "b": 0.1 + 1e-17 + 1e-16})


def test_identity_refuses_numbers_that_are_none():
    with pytest.raises(ValueError, match="JSON"):
        identity({"a": float("nan")})


def test_identity_of_a_part_made_in_python_is_that_of_its_yaml():
    assert identity(Cat(weight=4)) == identity(build(Animal, "cat"))


names = st.text(st.characters(max_codepoint=0xD7FF, exclude_categories=("Cs",)), max_size=8)
numbers = st.floats(allow_nan=False, allow_infinity=False)
dogs = st.builds(Dog, numbers, st.lists(names, max_size=3).map(tuple))
boxes = st.none() | st.just("auto") | st.lists(st.integers(), max_size=3).map(tuple)


def cats(others):
    return st.builds(
        Cat,
        lives=st.integers(1),
        weight=numbers.filter(lambda x: x < 99),
        name=names,
        mood=st.sampled_from(["kind", "wild"]),
        friends=st.lists(others, max_size=3).map(tuple),
        favorite=st.none() | others,
        box=boxes,
    )


animals = st.recursive(dogs, cats, max_leaves=6)


@settings(max_examples=100, deadline=None)
@given(animals)
def test_every_part_survives_its_plain_form(animal):
    form = plain(animal)
    assert build(Animal, form) == animal
    assert identity(build(Animal, json.loads(json.dumps(form)))) == identity(animal)


@settings(max_examples=50, deadline=None)
@given(animals)
def test_every_part_survives_yaml(animal):
    assert build(Animal, parse_yaml(json.dumps(plain(animal)))) == animal


def test_a_real_spec():
    tree = {"reconstruction": {"file": "x.csv", "lags": "auto"}}
    task = build(Reconstruction.__mro__[1], override({"task": tree}, "task.split=[.8, .1, .1]")["task"])
    assert task == Reconstruction(file="x.csv", lags="auto", split=(0.8, 0.1, 0.1))
    assert build(type(task).__mro__[1], plain(task)) == task
    assert np.isfinite(task.noise)


def test_problems_of_a_short_form_name_what_was_written():
    assert problems(Network, {"plrnn": {"hiden": 3}}, "network") == [
        'network.plrnn.hiden: unknown field, did you mean "hidden"?'
    ]
    assert problems(Network, "plrn", "network")[0].startswith('network: unknown cell "plrn"')
    assert problems(Network, {"cells": [{"plrnn": {"hidden": 0}}]}, "network")[0].startswith("network.cells.0.plrnn:")
