from importlib import resources

import numpy as np
import pytest

from sparsernn.errors import DataError, SpecError
from sparsernn.files import example
from sparsernn.files.example import SHA256, example_recording


def test_the_recording_is_scipys():
    """Size, mean and standard deviation as SciPy documents them for its electrocardiogram()."""
    series = example_recording("ecg")
    assert series.values.shape == (108_000, 1)
    assert series.values.dtype == np.float64
    assert series.values.mean() == pytest.approx(-0.16510875, abs=1e-9)
    assert series.values.std() == pytest.approx(0.5992473991177294, abs=1e-12)
    assert series.dt == 1 / 360
    assert series.names == ("MLII",)
    assert series.sha256 == SHA256
    assert "208" in series.source


def test_license_and_citation_lie_beside_it():
    text = resources.files("sparsernn.files").joinpath("data/ecg_LICENSE.md").read_text(encoding="utf-8")
    for word in ("ODC-By 1.0", "Moody", "Goldberger", SHA256, "record 208"):
        assert word in text


def test_unknown_names():
    with pytest.raises(SpecError, match='no example recording "egc", did you mean "ecg"'):
        example_recording("egc")


def test_a_damaged_installation(monkeypatch):
    monkeypatch.setattr(example, "SHA256", "0" * 64)
    with pytest.raises(DataError, match="install the package again"):
        example_recording()
