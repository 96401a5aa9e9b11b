import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsernn.errors import DataError, SpecError
from sparsernn.models.network import Network
from sparsernn.models.plrnn import PLRNN
from sparsernn.spec import Part, Registry, build, identity, override, parse_yaml, plain, read_yaml, require
from sparsernn.tasks.reconstruction import Reconstruction


class Animal(Part):
    registry = Registry("animal", {"cat": f"{__name__}:Cat", "dog": f"{__name__}:Dog", "kitten": f"{__name__}:kitten"})


@dataclass(frozen=True)
class Cat(Animal):
    lives: int = 9
    weight: float = 4.0
    name: str = "Tom"
    mood: Literal["kind", "wild"] = "kind"
    friends: tuple[Animal, ...] = ()
    favorite: Animal | None = None
    box: tuple[int, ...] | Literal["auto"] | None = None
    legs: ClassVar[int] = 4

    def __post_init__(self):
        require((self.lives > 0, f"lives must be positive, got {self.lives}"), (self.weight < 99, "too heavy"))


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


def test_require_collects():
    require((True, "never"))
    with pytest.raises(SpecError) as caught:
        require((False, "one"), (True, "two"), (False, "three"))
    assert caught.value.problems == ["one", "three"]
    assert str(caught.value) == "2 problems:\n  - one\n  - three"
    assert caught.value.exit_code == 2


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


def test_an_unregistered_part_has_no_plain_form():
    with pytest.raises(SpecError, match="Stray is no registered animal"):
        plain(Stray())


def test_identity_is_pinned():
    """A change here gives every run on every disk another name."""
    text = '{"cells":[{"plrnn":{"hidden":50,"mean_centered":true}}]}'
    pinned = "d707a8da54d2368afe1749c605c49a6d25c90cb1f81750ba7d0bef97f9fc30bc"
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


# YAML


def test_yaml_gives_plain_values():
    assert parse_yaml("a: {b: [1, 2.5, yes, null, text]}") == {"a": {"b": [1, 2.5, True, None, "text"]}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x [1]\nb: *x", r"aliases \(\*name\) are not read here.*line 2, column 4"),
        ("a: 1\nb: 2\na: 3", r'the key "a" stands twice.*line 3, column 1'),
        ("x: {b: 1, b: 1}", r'the key "b" stands twice.*line 1, column 11'),
        ("x: [{b: 1}, {c: {b: 1, b: 1}}]", 'the key "b" stands twice'),
        ("!!python/object/apply:os.getcwd []", "could not determine a constructor"),
        ("a: !!python/name:os.system", "could not determine a constructor"),
        ("a: [1", "line 1"),
        ("--- 1\n--- 2", "expected a single document"),
        ("[" * 10_000, "not readable as YAML"),
        ("2000-13-45", "month must be in 1..12"),
        ("a: \0", "not readable as YAML"),
    ],
)
def test_yaml_that_is_not_read(text, message):
    with pytest.raises(SpecError, match=f"(?s)^my.yaml is not readable as YAML: .*{message}|{message}"):
        parse_yaml(text, "my.yaml")


def test_equal_keys_of_different_places_are_no_repetition():
    assert parse_yaml("a: {x: 1}\nb: {x: 2}\nc: [{x: 3}, {x: 4}]")["c"] == [{"x": 3}, {"x": 4}]


@pytest.mark.parametrize("text", ["? [a, b]\n: 1", "? {a: 1}\n: 1", "a: !!bool x", "!!timestamp x"])
def test_yaml_of_odd_keys_and_tags_is_refused_in_words(text):
    with pytest.raises(SpecError):
        parse_yaml(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_no_text_does_more_than_fail_in_words(text):
    with contextlib.suppress(SpecError):
        parse_yaml(text)


def test_files(tmp_path):
    path = tmp_path / "spec.yaml"
    path.write_text("name: Größe\n", encoding="utf-8")
    assert read_yaml(path) == {"name": "Größe"}
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(SpecError, match=r"spec\.yaml is not readable as YAML"):
        read_yaml(path)
    path.write_bytes(b"a: \xff\xfe")
    with pytest.raises(DataError, match="cannot be read as a spec"):
        read_yaml(path)
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(DataError, match="more than 1,000,000 bytes"):
        read_yaml(path)
    with pytest.raises(DataError, match=r"nowhere\.yaml"):
        read_yaml(tmp_path / "nowhere.yaml")


# one value set


@pytest.mark.parametrize(
    ("tree", "assignment", "expected"),
    [
        ({"a": {"b": 1, "c": 2}}, "a.b=5", {"a": {"b": 5, "c": 2}}),
        ({"a": {"b": 1}}, "a.new=[1, {x: 2}]", {"a": {"b": 1, "new": [1, {"x": 2}]}}),
        ({"a": 1, "b": 2}, "a=null", {"a": None, "b": 2}),
        ({"a": 1, "b": 2}, "a=text=with equals", {"a": "text=with equals", "b": 2}),
        ({"a": {"cat": {"lives": 3}}}, "a.lives=5", {"a": {"cat": {"lives": 5}}}),
        ({"a": {"cat": {"lives": 3}}}, "a.cat.lives=5", {"a": {"cat": {"lives": 5}}}),
        ({"a": {"cat": None}}, "a.lives=5", {"a": {"cat": {"lives": 5}}}),
        ({"a": "cat"}, "a.lives=5", {"a": {"cat": {"lives": 5}}}),
        ({"a": {"cat": {"lives": 3}}}, "a=dog", {"a": "dog"}),
        ({"a": {"cat": {"favorite": "dog"}}}, "a.favorite.age=5", {"a": {"cat": {"favorite": {"dog": {"age": 5}}}}}),
        ({"a": ["cat", {"dog": {"age": 1}}]}, "a.1.age=2", {"a": ["cat", {"dog": {"age": 2}}]}),
        ({"a": ["cat"], "b": 0}, "a.0.lives=2", {"a": [{"cat": {"lives": 2}}], "b": 0}),
        ({"a": None, "b": 0}, "a.b.c=1", {"a": {"b": {"c": 1}}, "b": 0}),
    ],
)
def test_override(tree, assignment, expected):
    before = json.dumps(tree)
    assert override(tree, assignment) == expected
    assert json.dumps(tree) == before


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("a", "takes path=value"),
        ("=1", "takes path=value"),
        ("a.b.c=1", r'--set a\.b\.c: "c" cannot be set inside 1'),
        ("l.2=1", r'--set l\.2: "2" is no index of a list with 2 items'),
        ("l.x=1", "is no index of a list"),
        ("a=[", "the value of --set a is not readable"),
        ("a=*x", "the value of --set a is not readable"),
    ],
)
def test_overrides_that_cannot_be(assignment, message):
    with pytest.raises(SpecError, match=message):
        override({"a": {"b": 1, "c": 2}, "l": [1, 2]}, assignment)


def test_override_adds_to_a_spec_with_a_single_key():
    assert override({"task": {"adding": {}}}, "seed=2") == {"task": {"adding": {}}, "seed": 2}


def test_a_real_spec():
    tree = {"reconstruction": {"file": "x.csv", "lags": "auto"}}
    task = build(Reconstruction.__mro__[1], override({"task": tree}, "task.split=[.8, .1, .1]")["task"])
    assert task == Reconstruction(file="x.csv", lags="auto", split=(0.8, 0.1, 0.1))
    assert build(type(task).__mro__[1], plain(task)) == task
    assert np.isfinite(task.noise)
