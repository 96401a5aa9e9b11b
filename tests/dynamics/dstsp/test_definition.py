import json

import pytest

from sparsernn.dynamics.dstsp.definition import Definition, definition_for, silverman_variance
from sparsernn.errors import SpecError


@pytest.mark.parametrize(
    ("length", "dim", "bins"),
    [(100_000, 3, 30), (30_000, 3, 21), (10_000, 3, 14), (2_000, 3, 8), (100_000, 5, 8), (100_000, 1, 30), (375, 3, 5)],
)
def test_bins_follow_length_and_dimension(length, dim, bins):
    definition = definition_for(length, dim)
    assert (definition.estimator, definition.bins, definition.escape) == ("binning", bins, "counted")
    assert definition.alpha * bins**dim <= 0.01 * length


@pytest.mark.parametrize(("length", "dim"), [(100_000, 7), (100_000, 10), (374, 3), (4_820, 64)])
def test_mixture_where_bins_would_stay_empty(length, dim):
    definition = definition_for(length, dim)
    assert definition.estimator == "gmm"
    assert definition.variance == pytest.approx(silverman_variance(min(length, 10_000), dim))


def test_silverman_on_paper():
    assert silverman_variance(10_000, 1) == pytest.approx((1.0592238 * 10_000**-0.2) ** 2, rel=1e-6)
    assert silverman_variance(32, 1) == pytest.approx(1.0592238**2 / 4, rel=1e-6)


def test_preset_is_the_papers():
    assert definition_for(100, 3, "hemmer2024") == Definition(
        "binning", bins=30, alpha=1e-5, escape="dropped", units="raw", selection="first"
    )
    high = definition_for(100_000, 11, "hemmer2024")
    assert (high.estimator, high.variance, high.units, high.points, high.draws, high.selection, high.escape) == (
        "gmm", 0.3, "raw", 10_000, 1_000, "first", "dropped",
    )  # fmt: skip
    assert definition_for(100_000, 5, "hemmer2024", bins=8).bins == 8


def test_settings_choose_the_estimator():
    assert definition_for(100_000, 3, variance=0.5).estimator == "gmm"
    assert definition_for(100_000, 10, bins=3).bins == 3
    assert definition_for(100_000, 3, estimator="gmm").variance > 0
    assert definition_for(100_000, 3, box="legacy").box == "legacy"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"preset": "hemmer2023"}, 'did you mean "hemmer2024"'),
        ({"bins": 3, "variance": 1.0}, "one of the two"),
        ({"estimator": "gmm", "bins": 3}, "no bins"),
        ({"estimator": "binning", "variance": 0.3}, "no variance"),
        ({"estimator": "bining"}, 'did you mean "binning"'),
        ({"box": "wide"}, "range, legacy"),
        ({"bins": 1}, "at least 2"),
        ({"variance": -1.0}, "above 0"),
        ({"bins": 1000}, "use fewer bins"),
    ],
)
def test_bad_settings_are_named(arguments, message):
    with pytest.raises(SpecError, match=message):
        definition_for(100_000, 3, **arguments)


def test_all_problems_at_once():
    with pytest.raises(SpecError) as caught:
        Definition("binning", bins=0, alpha=-1.0, box="wide")
    assert len(caught.value.problems) == 3


def test_tells_only_what_counts():
    binned = definition_for(100_000, 3)
    assert "30 bins" in binned.describe()
    assert "variance" not in json.dumps(binned.to_dict())
    mixture = definition_for(100_000, 10)
    assert "variance 0.229" in mixture.describe()
    assert "bins" not in mixture.to_dict()
