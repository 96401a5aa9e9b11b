import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsernn.weights import flatten, get, replace, unflatten

names = st.text("abcxyz01", min_size=1, max_size=3)
trees = st.dictionaries(
    names, st.recursive(st.integers(), lambda inner: st.dictionaries(names, inner, min_size=1, max_size=3)), max_size=4
)
TREE = {"cell0": {"recurrent": 1, "bias": 2}, "readout": {"weights": 3}}


def test_paths_are_in_insertion_order():
    assert list(flatten(TREE).items()) == [("cell0/recurrent", 1), ("cell0/bias", 2), ("readout/weights", 3)]


@given(trees)
def test_flatten_and_back(tree):
    flat = flatten(tree)
    assert unflatten(flat) == tree
    assert list(flatten(unflatten(flat))) == list(flat)
    for path, value in flat.items():
        assert get(tree, path) == value


@given(trees, st.data())
def test_replace_changes_one_leaf_of_a_copy(tree, data):
    flat = flatten(tree)
    if not flat:
        return
    path = data.draw(st.sampled_from(sorted(flat)))
    copy = replace(tree, {path: "new"})
    assert flatten(copy) == {**flat, path: "new"}
    assert flatten(tree) == flat


def test_replace_copies_every_dictionary_but_no_array():
    array = np.zeros(3)
    tree = {"a": {"b": array, "c": array}, "d": array}
    copy = replace(tree, {})
    assert copy == tree
    assert copy is not tree
    assert copy["a"] is not tree["a"]
    assert copy["a"]["b"] is array


@pytest.mark.parametrize("path", ["cell1/bias", "cell0/bais", "bias", "cell0/bias/x"])
def test_what_is_not_there_is_a_key_error_or_type_error(path):
    with pytest.raises((KeyError, TypeError)):
        get(TREE, path)
    with pytest.raises((KeyError, TypeError)):
        replace(TREE, {path: 0})
