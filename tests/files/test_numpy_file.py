import io
import zipfile

import numpy as np
import pytest

from sparsernn.errors import DataError, SpecError
from sparsernn.files.reading import Reading
from sparsernn.files.series import read_series

X = np.random.default_rng(0).normal(size=(50, 3))


def npy_bytes(header, data=b"", version=(1, 0)):
    text = header.encode()
    width = 2 if version == (1, 0) else 4
    return b"\x93NUMPY" + bytes(version) + len(text).to_bytes(width, "little") + text + data


def test_fortran_order_is_kept(tmp_path):
    np.save(tmp_path / "x.npy", np.asfortranarray(X))
    assert np.array_equal(read_series(tmp_path / "x.npy").values, X)


def test_version_2_headers(tmp_path):
    with (tmp_path / "x.npy").open("wb") as file:
        np.lib.format.write_array(file, X, version=(2, 0))
    assert np.array_equal(read_series(tmp_path / "x.npy").values, X)


def test_the_only_array_of_an_npz(tmp_path):
    np.savez(tmp_path / "x.npz", signal=X)
    np.savez_compressed(tmp_path / "y.npz", signal=X[:, 0], rate=360)
    assert np.array_equal(read_series(tmp_path / "x.npz").values, X)
    series = read_series(tmp_path / "y.npz")
    assert np.array_equal(series.values, X[:, :1])
    assert series.names == ("signal",)


@pytest.mark.parametrize("rate", [0.0, -250.0, np.nan, np.inf, 5e-324])
def test_a_rate_that_is_none_is_said_and_not_used(tmp_path, rate):
    np.savez(tmp_path / "x.npz", signal=X, fs=rate)
    series = read_series(tmp_path / "x.npz")
    assert series.dt is None
    assert any("fs = " in note and "--dt gives it" in note for note in series.notes)
    np.savez(tmp_path / "y.npz", signal=X, fs=rate, dt=0.5)
    series = read_series(tmp_path / "y.npz")
    assert series.dt == 0.5
    assert any("fs = " in note for note in series.notes)


def test_several_arrays_are_listed_until_one_is_named(tmp_path):
    np.savez(tmp_path / "x.npz", train=X, test=X[:10])
    with pytest.raises(DataError, match=r"choose one with --variable NAME .*: train \(50, 3\) float64, test \(10, 3\)"):
        read_series(tmp_path / "x.npz")
    assert np.array_equal(read_series(tmp_path / "x.npz", reading=Reading(variable="test")).values, X[:10])
    with pytest.raises(SpecError, match='no variable "tset", did you mean "test"'):
        read_series(tmp_path / "x.npz", reading=Reading(variable="tset"))


def test_an_npz_without_arrays(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(DataError, match="without NumPy arrays"):
        read_series(tmp_path / "x.npz")


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_every_kind_of_truncation(tmp_path, name):
    (np.save if name == "x.npy" else np.savez)(tmp_path / name, X)
    good = (tmp_path / name).read_bytes()
    for end in range(1, len(good), 37):
        (tmp_path / name).write_bytes(good[:end])
        with pytest.raises(DataError):
            read_series(tmp_path / name)


def test_a_damaged_member_is_noticed(tmp_path):
    np.savez(tmp_path / "x.npz", x=X)
    raw = bytearray((tmp_path / "x.npz").read_bytes())
    raw[600] ^= 1
    (tmp_path / "x.npz").write_bytes(raw)
    with pytest.raises(DataError, match="CRC"):
        read_series(tmp_path / "x.npz")


HOSTILE = {
    "claims 8 TB": npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n", bytes(80)),
    "negative": npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (-2, -2), }\n", bytes(80)),
    "objects": npy_bytes("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }\n", b"\x80\x04cos\nsystem\n."),
    "objects inside": npy_bytes("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (2,), }\n", bytes(80)),
    "huge strings": npy_bytes("{'descr': '|S2000000000', 'fortran_order': False, 'shape': (9999,), }\n", bytes(80)),
    "empty strings": npy_bytes("{'descr': '|S0', 'fortran_order': False, 'shape': (1000000000000,), }\n"),
    "subarray": npy_bytes("{'descr': ('<f8', (100000, 100000)), 'fortran_order': False, 'shape': (2,), }\n", bytes(80)),
    "code": npy_bytes("__import__('os').system('false')\n", bytes(80)),
    "missing key": npy_bytes("{'descr': '<f8', 'shape': (2,), }\n", bytes(80)),
    "deep": npy_bytes("(" * 9000 + ")" * 9000 + "\n", bytes(80)),
    "open bracket": npy_bytes("{'descr': (\n", bytes(80)),
    "4 GB header": npy_bytes("x", version=(2, 0)).replace(b"\x01\x00\x00\x00", b"\xff\xff\xff\xff"),
    "version 9": npy_bytes("{}", version=(9, 0)),
    "a pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00cos\nsystem\nX\x05\x00\x00\x00false\x85R.",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_headers(tmp_path, little_memory, name):
    (tmp_path / "x.npy").write_bytes(HOSTILE[name])
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", HOSTILE[name])
    for suffix in ("npy", "npz"):
        with little_memory(), pytest.raises(DataError):
            read_series(tmp_path / f"x.{suffix}")


def bomb(size, kind=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive, archive.open("x.npy", "w") as member:
        header = npy_bytes(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({size // 8},), }}\n")
        member.write(header)
        for _ in range(size // 2**20):
            member.write(bytes(2**20))
    return buffer.getvalue()


def test_a_zip_bomb(tmp_path, little_memory, small_limit):
    (tmp_path / "x.npz").write_bytes(bomb(2**25))
    assert (tmp_path / "x.npz").stat().st_size < 2**19
    with little_memory(16), pytest.raises(DataError, match="would unfold from"):
        read_series(tmp_path / "x.npz")


def test_a_bomb_that_lies_about_its_size(tmp_path, little_memory, small_limit):
    raw = bomb(2**25)
    size = int.from_bytes(raw[raw.rindex(b"PK\x01\x02") + 24 :][:4], "little")
    assert size > 2**25
    (tmp_path / "x.npz").write_bytes(raw.replace(size.to_bytes(4, "little"), (500).to_bytes(4, "little")))
    with little_memory(16), pytest.raises(DataError, match="CRC"):
        read_series(tmp_path / "x.npz")


@pytest.mark.parametrize("kind", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_compressions_that_numpy_does_not_use(tmp_path, kind):
    (tmp_path / "x.npz").write_bytes(bomb(2**20, kind))
    with pytest.raises(DataError, match="save it again"):
        read_series(tmp_path / "x.npz", reading=Reading(variable="x"))


def test_honest_compression_is_read(tmp_path):
    x = np.repeat(np.arange(1000.0), 1000)
    np.savez_compressed(tmp_path / "x.npz", x=x)
    assert (tmp_path / "x.npz").stat().st_size < x.nbytes / 20
    assert np.array_equal(read_series(tmp_path / "x.npz").values[:, 0], x)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|V0', 'fortran_order': False, 'shape': (5, 2)}",
        "{'descr': [], 'fortran_order': False, 'shape': (5, 2)}",
        "{'descr': [('a', '<f8', (0,))], 'fortran_order': False, 'shape': (5,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 9223372036854775807, 9)}",
        f"{{'descr': '<f8', 'fortran_order': False, 'shape': {(0, *(1,) * 99)}}}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (True, 2)}",
    ],
)
def test_headers_that_agree_with_the_size_and_mean_nothing(tmp_path, header):
    text = header.encode() + b"\n"
    path = tmp_path / "x.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(16))
    with pytest.raises(DataError):
        read_series(path)
