"""A few of the damaged files of `fuzz.py`, which makes as many as one likes."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from sparsernn.files.series import read_series

SPEC = importlib.util.spec_from_file_location("fuzz", Path(__file__).with_name("fuzz.py"))
fuzz = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(fuzz)
sys.modules["fuzz"] = fuzz


def test_damaged_files_of_every_kind_give_a_series_or_a_typed_error(tmp_path):
    pytest.importorskip("resource")
    command = [sys.executable, fuzz.__file__, "--count", "300", "--seed", "3", "--keep", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)  # alone: the memory is that of the reading
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_files_are_good_before_they_are_damaged(tmp_path):
    for group in fuzz.seeds(tmp_path).values():
        for path, reading in group:
            if path.name != "d.mat":
                assert len(read_series(path, reading=reading).values) >= 60
