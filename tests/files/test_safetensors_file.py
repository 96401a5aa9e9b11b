import json
import os
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from sparsernn.errors import DataError, SpecError, StoreError
from sparsernn.files import atomic
from sparsernn.files.safetensors_file import DTYPES, content_hash, describe, parse, read, write

ARRAYS = {
    "cell0/recurrent": np.arange(12, dtype=np.float32).reshape(1, 3, 4),
    "mask": np.array([[True, False], [False, True]]),
    "scalar": np.float64(2.5),
    "empty": np.zeros((0, 3)),
    "transposed": np.arange(6.0).reshape(2, 3).T,
    "count": np.array([2**62, -1]),
}


def raw_file(header, data=b""):
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    return len(text).to_bytes(8, "little") + text + data


def test_there_and_back(tmp_path):
    write(tmp_path / "w.safetensors", ARRAYS, {"step": "3", "a": "ü"})
    arrays, metadata = read(tmp_path / "w.safetensors")
    assert metadata == {"step": "3", "a": "ü"}
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == np.asarray(array).dtype
        assert arrays[name].shape == np.asarray(array).shape
        assert np.array_equal(arrays[name], array)
    assert arrays["mask"].dtype == bool
    assert os.listdir(tmp_path) == ["w.safetensors"]


@pytest.mark.parametrize("dtype", DTYPES.values())
def test_every_dtype(tmp_path, dtype):
    x = np.array([0, 1, 1, 0]).astype(dtype)
    write(tmp_path / "w", {"x": x})
    assert read(tmp_path / "w")[0]["x"].dtype == dtype
    assert np.array_equal(read(tmp_path / "w")[0]["x"], x)


def test_the_library_itself_reads_it(tmp_path):
    write(tmp_path / "w.safetensors", ARRAYS, {"a": "b"})
    theirs = safetensors.numpy.load_file(tmp_path / "w.safetensors")
    assert theirs.keys() == ARRAYS.keys()
    assert all(np.array_equal(theirs[k], ARRAYS[k]) for k in ARRAYS)


def test_jax_and_big_endian_arrays(tmp_path):
    write(tmp_path / "w", {"j": jnp.arange(3.0), "b": np.array([1.0, 2.0], ">f8")})
    arrays, _ = read(tmp_path / "w")
    assert np.array_equal(arrays["j"], [0, 1, 2])
    assert np.array_equal(arrays["b"], [1, 2])


def test_equal_content_equal_bytes_in_every_process(tmp_path):
    script = (
        "import numpy as np, sys; from sparsernn.files.safetensors_file import write\n"
        "write(sys.argv[1], {'b': np.ones(3), 'a': np.zeros(2, bool)}, {str(i): str(i) for i in range(8)})"
    )
    for name in "12":
        subprocess.run([sys.executable, "-c", script, str(tmp_path / name)], check=True)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_the_hash_is_of_the_content():
    base = content_hash({"a": np.zeros(2), "b": np.ones(2)})
    assert base == content_hash({"b": np.ones(2), "a": np.zeros(2)})
    for other in (
        {"a": np.zeros(2), "c": np.ones(2)},
        {"a": np.zeros(2), "b": np.array([1, 1 + 1e-16 + 3e-16])},
        {"a": np.zeros(2), "b": np.ones((1, 2))},
        {"a": np.zeros(2), "b": np.ones(2, np.float32)},
        {"a": np.zeros(2)},
        {"a": np.ones(2), "b": np.zeros(2)},
    ):
        assert content_hash(other) != base


def test_every_flipped_bit_in_the_data_is_noticed(tmp_path):
    path = tmp_path / "w"
    write(path, {"x": np.arange(4, dtype=np.float32)})
    good = path.read_bytes()
    for i in range(len(good) - 16, len(good)):
        path.write_bytes(good[:i] + bytes([good[i] ^ 1]) + good[i + 1 :])
        with pytest.raises(DataError, match="damaged"):
            read(path)


def test_every_truncation_is_noticed(tmp_path):
    path = tmp_path / "w"
    write(path, {"x": np.arange(4, dtype=np.float32)}, {"a": "b"})
    good = path.read_bytes()
    for end in range(len(good)):
        path.write_bytes(good[:end])
        with pytest.raises(DataError):
            read(path)
        with pytest.raises(DataError):
            describe(path)


def test_files_of_others_without_a_hash_are_read(tmp_path):
    safetensors.numpy.save_file({"w": np.ones((2, 2))}, tmp_path / "w", metadata={"format": "pt"})
    arrays, metadata = read(tmp_path / "w")
    assert np.array_equal(arrays["w"], np.ones((2, 2)))
    assert metadata == {"format": "pt"}
    assert describe(tmp_path / "w").sha256 is None


def test_describe_reads_only_the_header(tmp_path):
    path = tmp_path / "w"
    write(path, ARRAYS, {"step": "3"})
    described = describe(path)
    assert described.metadata == {"step": "3"}
    assert described.sha256 == content_hash(ARRAYS, {"step": "3"}) != content_hash(ARRAYS)
    assert described.tensors["cell0/recurrent"] == ("float32", (1, 3, 4), 48)
    assert described.tensors["mask"] == ("bool", (2, 2), 4)
    assert described.tensors["scalar"].shape == ()


def test_bfloat16_is_described_but_not_read(tmp_path):
    path = tmp_path / "w"
    path.write_bytes(raw_file({"x": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}, bytes(4)))
    assert describe(path).tensors["x"] == ("BF16", (2,), 4)
    with pytest.raises(DataError, match=r"BF16.*float32"):
        read(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        b"PK\x03\x04" + bytes(100),
        b"\x93NUMPY" + bytes(100),
        (2**63).to_bytes(8, "little") + b"{}",
        raw_file(b"[]"),
        raw_file(b"{"),
        raw_file(b"\xff" * 8),
        raw_file(b"[" * 200_000),
        raw_file({"x": 3}),
        raw_file({"x": {"dtype": "F32", "shape": [2]}}),
        raw_file({"x": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}),
        raw_file({"x": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4]}}, bytes(4)),
        raw_file({"x": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4)),
        raw_file({"x": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}, bytes(4)),
        raw_file({"x": {"dtype": "F32", "shape": "1", "data_offsets": [0, 4]}}, bytes(4)),
        raw_file({"x": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}}, bytes(4)),
        raw_file({"x": {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
        raw_file({"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}}, bytes(8)),
        raw_file({"__metadata__": 3}),
        raw_file({"__metadata__": {"a": 3}}),
        raw_file({"__metadata__": [["a", "b"]]}),
    ],
)
def test_foreign_and_hostile_files(tmp_path, content):
    path = tmp_path / "w"
    path.write_bytes(content)
    with pytest.raises(DataError, match=str(path)):
        describe(path)
    with pytest.raises(DataError, match=str(path)):
        read(path)


@given(st.binary(max_size=300))
def test_garbage_is_a_data_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "garbage.safetensors"
    path.write_bytes(content)
    with pytest.raises(DataError):
        read(path)


def test_overlapping_arrays_are_refused(tmp_path):
    entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    (tmp_path / "w").write_bytes(raw_file({"x": entry, "y": entry}, bytes(4)))
    with pytest.raises(DataError):
        read(tmp_path / "w")


def test_what_cannot_be_written(tmp_path):
    for arrays, metadata in (
        ({"x": np.array([1j])}, {}),
        ({"x": np.array(["a"])}, {}),
        ({"x": np.array([None])}, {}),
        ({"x": jnp.ones(2, jnp.bfloat16)}, {}),
        ({"x": np.ones(2)}, {"sha256": "mine"}),
        ({"x": np.ones(2)}, {"step": 3}),
    ):
        with pytest.raises(SpecError):
            write(tmp_path / "w", arrays, metadata)
    assert os.listdir(tmp_path) == []


def test_a_full_disk(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(StoreError, match=r"w\.safetensors cannot be written"):
        write(tmp_path / "w.safetensors", ARRAYS)
    assert os.listdir(tmp_path) == []


def test_metadata_are_under_the_hash(tmp_path):
    """A changed word is seen; a file sealed in the old way, over the arrays alone, is read as before."""
    path = tmp_path / "w"
    write(path, ARRAYS, {"step": "3"})
    good = path.read_bytes()
    path.write_bytes(good.replace(b'"step":"3"', b'"step":"4"'))
    with pytest.raises(DataError, match="damaged"):
        read(path)
    old = content_hash(ARRAYS).encode()
    path.write_bytes(good.replace(content_hash(ARRAYS, {"step": "3"}).encode(), old))
    assert read(path)[1] == {"step": "3"}
    with pytest.raises(DataError, match="damaged"):
        parse(path.read_bytes(), path, sealed=True)
    path.write_bytes(good.replace(b'"sha256"', b'"sha257"'))
    with pytest.raises(DataError, match="damaged"):
        parse(path.read_bytes(), path, sealed=True)
