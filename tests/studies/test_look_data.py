"""The look from Python: the same data in every form give the same."""

import numpy as np
import pytest

import sparsernn
from sparsernn import DataError, SpecError

from .conftest import orbit


def plain(found):
    told = found.to_dict()
    return {name: told[name] for name in ("rows", "columns", "dt", "period", "noise", "warnings")}


def test_array_frame_and_file_look_alike(tmp_path):
    pandas = pytest.importorskip("pandas")
    names = ["left", "right"]
    from_array = sparsernn.look(orbit(), dt=0.5, names=names)
    frame = pandas.DataFrame(orbit(), columns=names)
    frame.to_csv(tmp_path / "x.csv", index=False)
    from_file = sparsernn.look(tmp_path / "x.csv", dt=0.5)
    assert plain(from_array) == plain(sparsernn.look(frame, dt=0.5)) == plain(from_file)
    assert from_array.to_dict()["rows"] == 900
    assert "periodic" in [warning.code for warning in from_array.warnings]
    assert from_file.command.startswith("sparsernn reconstruct")
    assert from_array.command is None


def test_trials_are_stretches():
    found = sparsernn.look([orbit()[:450], orbit()[450:]])
    assert found.stretches == (450, 450)


def test_what_ships_can_be_looked_at():
    assert sparsernn.look("ecg").to_dict()["columns"] == ["MLII"]


def test_refusals_name_keywords():
    with pytest.raises(SpecError, match='did you mean "gaps"'):
        sparsernn.look(orbit(), gap="cut")
    holes = orbit()
    holes[5, 0] = np.nan
    with pytest.raises(DataError) as caught:
        sparsernn.look(holes)
    assert "gaps" in str(caught.value)
    assert "--" not in str(caught.value)
    assert sparsernn.look(holes, gaps="interpolate").to_dict()["rows"] == 900
