import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsernn.errors import DataError, SpecError
from sparsernn.files.spec_file import override, overrides, parse_yaml, read_yaml


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
        ("l.²=1", "is no index of a list"),
        (".".join(["a"] * 3000) + "=1", "no spec is more than 30 deep"),
        ("a=[", "the value of --set a is not readable"),
        ("a=*x", "the value of --set a is not readable"),
    ],
)
def test_overrides_that_cannot_be(assignment, message):
    with pytest.raises(SpecError, match=message):
        override({"a": {"b": 1, "c": 2}, "l": [1, 2]}, assignment)


def test_override_adds_to_a_spec_with_a_single_key():
    assert override({"task": {"adding": {}}}, "seed=2") == {"task": {"adding": {}}, "seed": 2}


def test_all_problems_of_several_settings_at_once():
    with pytest.raises(SpecError) as caught:
        overrides({"a": 1, "b": 2}, ["a.b=1", "nothing", "b=3", "b=["])
    assert len(caught.value.problems) == 3
    assert overrides({"a": 1, "b": 2}, ["a=2", "b=3"]) == {"a": 2, "b": 3}
