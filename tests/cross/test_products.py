"""All pairs of members for three updates, through `run` (the full product: `python tests/cross/products.py`)."""

import importlib.util
from pathlib import Path

import pytest

from sparsernn.errors import DataError
from sparsernn.files.datasets import find

specification = importlib.util.spec_from_file_location("products", Path(__file__).parent / "products.py")
products = importlib.util.module_from_spec(specification)
specification.loader.exec_module(products)

DESIGN = products.covering()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("products")


@pytest.fixture(scope="module")
def series(place):
    return products.series_in(place)


def test_every_pair_and_every_member_is_met():
    for pair in products.wanted():
        assert any(pair.items() <= c.items() for c in DESIGN), pair
    for axis, members in products.AXES.items():
        assert {c.get(axis) for c in DESIGN} >= set(members), axis
    assert all(products.possible(c) for c in DESIGN)
    assert len(DESIGN) < 2 * len(products.AXES["cell"]) * len(products.AXES["sparsifier"])


@pytest.mark.parametrize("combination", DESIGN, ids=products.label)
def test_pair(combination, series, place):
    if combination["task"] == "sequential_mnist":
        pytest.importorskip("sklearn", reason="the digits come with scikit-learn (extra: examples)")
    if combination["task"] == "gestures":
        try:
            find("gestures")
        except DataError as error:
            pytest.skip(f"the data are not on this machine: {error}")
    products.check(combination, series, place / "runs")
