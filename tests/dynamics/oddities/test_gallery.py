"""Clean series pass without a word, and every fault is found, on the gallery of `tests/studies/look_gallery.py`."""

import importlib.util
import os
from collections import Counter
from pathlib import Path

import pytest

from sparsernn.dynamics.oddities.check import oddities

_spec = importlib.util.spec_from_file_location(
    "look_gallery", Path(__file__).parents[2] / "studies" / "look_gallery.py"
)
gallery = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(gallery)

STORED = ("stored", "EEG", "ECG MIT-BIH")


@pytest.mark.parametrize("name", gallery.CASES)
def test_gallery(name):
    if name.startswith(STORED) and "SPARSERNN_DATA" not in os.environ:
        pytest.skip("needs SPARSERNN_DATA")
    make, codes, allowed = gallery.CASES[name]
    made = make()
    values, starts = made if isinstance(made, tuple) else (made, (0,))
    found = {o.code for o in oddities(values, starts)}
    assert codes <= found <= codes | allowed


def test_every_code_has_two_series():
    known = {
        "nonstationary",
        "too_short",
        "noise_only",
        "spikes",
        "periodic",
        "few_levels",
        "outliers",
        "duplicates",
        "flat",
    }
    count = Counter(code for case in gallery.CASES.values() for code in case.codes)
    assert all(count[code] >= 2 for code in known)
