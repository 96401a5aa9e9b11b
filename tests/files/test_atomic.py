import errno
import os

import numpy as np
import pytest

from sparsernn.errors import DataError, SpecError, StoreError, Undefined
from sparsernn.files import atomic
from sparsernn.files.atomic import read_json, replacing, write_array, write_json, write_text


def test_text_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    write_text(path, "new, ü\r\n")
    assert path.read_bytes() == "new, ü\r\n".encode()
    assert os.listdir(tmp_path) == ["a.txt"]


def test_nobody_else_is_kept_from_reading(tmp_path):
    """Files have the usual rights of new files, not those of a private temporary file."""
    write_text(tmp_path / "a", "x")
    (tmp_path / "b").write_text("x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_an_error_inside_leaves_the_old_file_and_no_trace(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def half():
        with replacing(path) as file:
            file.write(b"half of the n")
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_until_the_rename_the_old_file_is_there(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_the_order_is_flush_then_rename_then_flush_of_the_folder(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace

    def watched_fsync(handle):
        calls.append("fsync folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "fsync file")
        fsync(handle)

    monkeypatch.setattr(atomic.os, "fsync", watched_fsync)
    monkeypatch.setattr(atomic.os, "replace", lambda a, b: (calls.append("rename"), replace(a, b)))
    write_text(tmp_path / "a", "x")
    if os.path.isdir("/proc/self/fd"):
        assert calls == ["fsync file", "rename", "fsync folder"]
    else:
        assert len(calls) == 3
        assert calls[1] == "rename"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_a_store_error_with_the_path_and_no_leftovers(tmp_path, monkeypatch, number):
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def full(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(StoreError, match=r"a\.txt cannot be written.*make room"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_really_full_device(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic.Path, "open", lambda self, mode: open("/dev/full", "wb"))  # noqa: SIM115
    with pytest.raises(StoreError, match="No space left"):
        write_text(tmp_path / "a", "x" * 100_000)
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_is_a_store_error(tmp_path):
    with pytest.raises(StoreError, match="no-such"):
        write_text(tmp_path / "no-such" / "a.txt", "x")


def test_json_there_and_back(tmp_path):
    value = {
        "a": [1, 2.5, -0.0, True, None, "ü"],
        "b": {"c": Undefined("no triads")},
        "d": Undefined("empty"),
        "big": 2**70,
        "f": 0.1,
    }
    write_json(tmp_path / "a.json", value)
    back = read_json(tmp_path / "a.json")
    assert back == value
    assert type(back["b"]["c"]) is Undefined
    assert type(back["d"]) is Undefined
    assert type(back["a"][5]) is str
    assert '{\n      "undefined": "no triads"' in (tmp_path / "a.json").read_text()


def test_json_takes_tuples_and_numpy(tmp_path):
    write_json(
        tmp_path / "a", {"t": (1, 2), "s": np.float64(0.5), "n": np.int32(3), "m": np.eye(2), "b": np.bool_(True)}
    )
    assert read_json(tmp_path / "a") == {"t": [1, 2], "s": 0.5, "n": 3, "m": [[1.0, 0.0], [0.0, 1.0]], "b": True}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": [1, {"b": float("nan")}]}, r"a\[1\].b is nan"),
        ({"a": np.array([1, np.inf])}, r"a\[1\] is inf"),
        (float("-inf"), "the value is -inf"),
        ({"a": {1: 2}}, "keys are strings, got 1 in a"),
        ({"a": {1, 2}}, "a is a set"),
        ({"a": 1j}, "a is a complex"),
    ],
)
def test_json_refuses_what_it_cannot_hold_and_says_where(tmp_path, value, place):
    with pytest.raises(SpecError, match=place):
        write_json(tmp_path / "a.json", value)
    assert os.listdir(tmp_path) == []


def test_a_file_name_that_is_no_utf8_can_be_written(tmp_path):
    write_json(tmp_path / "a.json", {"source": "\udcff.csv"})
    assert read_json(tmp_path / "a.json") == {"source": "\udcff.csv"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b'{"a": 1,\n "b": }', "line 2, column 7"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"a": NaN}', "NaN"),
        (b"[Infinity]", "Infinity"),
        (b"[1e999]", "too large"),
        (b"[" * 100_000, "cannot be read"),
        (b"1" * 10_000, "cannot be read"),
        (b'{"a": 1} trailing', "line 1"),
        (b"[" + b"1," * 100 + b"1]", "more than 100"),
    ],
)
def test_damaged_json_is_a_data_error(tmp_path, content, message):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_json(path, limit=100 if message == "more than 100" else 1_000_000)


def test_missing_json(tmp_path):
    (tmp_path / "spec.json").write_text("{}")
    with pytest.raises(DataError, match=r'did you mean "spec.json"'):
        read_json(tmp_path / "spek.json")
    with pytest.raises(DataError, match="is a folder"):
        read_json(tmp_path)


def test_arrays(tmp_path):
    x = np.arange(6.0).reshape(2, 3).T
    write_array(tmp_path / "x.npy", x)
    assert np.array_equal(np.load(tmp_path / "x.npy", allow_pickle=False), x)
    with pytest.raises(SpecError, match="pickle"):
        write_array(tmp_path / "y.npy", np.array([None, 1]))
    assert os.listdir(tmp_path) == ["x.npy"]
