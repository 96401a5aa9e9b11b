import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsernn.errors import DataError
from sparsernn.files.images import read_idx


def idx(shape, data=None, kind=8):
    data = bytes(i % 256 for i in range(int(np.prod(shape)))) if data is None else data
    return bytes([0, 0, kind, len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape) + data


@pytest.mark.parametrize("shape", [(5,), (3, 4, 5), (2, 3), (2, 2, 2, 2)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_raw_and_packed(tmp_path, shape, pack):
    (tmp_path / "x").write_bytes(pack(idx(shape)))
    images = read_idx(tmp_path / "x")
    assert images.dtype == np.uint8
    assert np.array_equal(images.ravel(), np.arange(np.prod(shape)) % 256)
    assert images.shape == shape


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (idx((3,), kind=13), "expected the magic"),
        (b"\0\0\x08\x00", "expected the magic"),
        (b"\0\0\x08\x05" + bytes(60), "expected the magic"),
        (b"\0\0", "expected the magic"),
        (b"hello world", "expected the magic"),
        (idx((3, 4))[:7], "more than it can hold"),
        (idx((3, 4))[:-1], "damaged"),
        (idx((3, 4)) + b"x", "more values"),
        (idx((2**32 - 1,) * 3, b""), "more than it can hold"),
    ],
)
def test_defects(tmp_path, little_memory, pack, content, message):
    (tmp_path / "x").write_bytes(pack(content))
    with little_memory(), pytest.raises(DataError, match=message):
        read_idx(tmp_path / "x")


def test_every_truncation_of_a_packed_file(tmp_path):
    good = gzip.compress(idx((3, 4)))
    for end in range(len(good)):
        (tmp_path / "x").write_bytes(good[:end])
        with pytest.raises(DataError):
            read_idx(tmp_path / "x")


def test_a_bomb(tmp_path, little_memory, small_limit):
    (tmp_path / "x").write_bytes(gzip.compress(idx((2**25,), b"") + bytes(2**25)))
    with little_memory(16), pytest.raises(DataError, match="more than it can hold"):
        read_idx(tmp_path / "x")


def test_a_bomb_with_a_modest_header(tmp_path, little_memory, small_limit):
    (tmp_path / "x").write_bytes(gzip.compress(idx((5,), b"") + bytes(2**25)))
    with little_memory(16), pytest.raises(DataError, match="more values"):
        read_idx(tmp_path / "x")


@given(st.binary(max_size=100), st.sampled_from([b"", b"\x1f\x8b\x08", b"\0\0\x08\x01"]))
def test_garbage(tmp_path_factory, content, start):
    path = tmp_path_factory.getbasetemp() / "garbage.idx"
    raw = start + content
    path.write_bytes(raw)
    try:
        images = read_idx(path)
    except DataError:
        return
    assert raw[:3] == b"\0\0\x08"
    assert images.tobytes() == raw[4 + 4 * raw[3] :]


@pytest.mark.data
def test_mnist(recorded_file):
    assert read_idx(recorded_file("mnist/t10k-images-idx3-ubyte.gz")).shape == (10_000, 28, 28)
    labels = read_idx(recorded_file("mnist/train-labels-idx1-ubyte.gz"))
    assert labels.shape == (60_000,)
    assert np.bincount(labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
