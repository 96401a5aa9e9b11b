import zipfile

import numpy as np
import pytest

from sparsernn.errors import DataError
from sparsernn.files.gesture_phase import VIDEOS, read_gesture_phase

HEADER = ",".join([*map(str, range(1, 33)), "Phase"])
ROW = ",".join(["0.5"] * 32)


def archive(path, rows=(f"{ROW},D", f"{ROW},R"), videos=VIDEOS):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for video in videos:
            made.writestr(f"{video}_va3.csv", "\r\n".join([HEADER, *rows, ""]))
    return path


def test_rows_and_phases(tmp_path):
    found = read_gesture_phase(archive(tmp_path / "a.zip"))
    assert list(found) == list(VIDEOS)
    assert found["b1"].values.shape == (2, 32)
    np.testing.assert_array_equal(found["c3"].phases, [0, 4])


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"rows": [f"{ROW},X"]}, "D, P, S, H, R"),
        ({"rows": ["0.5,D"]}, r"shape \(1, 1\)"),
        ({"rows": [f"{ROW},D", "0.5,D"]}, "no table"),
        ({"rows": [ROW.replace("0.5", "nan", 1) + ",D"]}, "finite"),
        ({"videos": VIDEOS[:3]}, "has no b1_va3.csv"),
    ],
)
def test_what_is_not_the_archive_is_refused(tmp_path, given, match):
    with pytest.raises(DataError, match=match):
        read_gesture_phase(archive(tmp_path / "a.zip", **given))


def test_more_than_it_can_hold(tmp_path, monkeypatch):
    monkeypatch.setattr("sparsernn.files.zipped.unpacked_limit", lambda packed: 100)
    with pytest.raises(DataError, match="unfolds to more than 100"):
        read_gesture_phase(archive(tmp_path / "a.zip"))


def test_a_damaged_one(tmp_path):
    path = archive(tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match="cannot be read"):
        read_gesture_phase(path)
    raw = bytearray(archive(tmp_path / "b.zip").read_bytes())
    raw[60:80] = bytes(20)
    (tmp_path / "b.zip").write_bytes(raw)
    with pytest.raises(DataError):
        read_gesture_phase(tmp_path / "b.zip")
