import struct
import sys
import zlib

import numpy as np
import pytest
import scipy.io
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsernn.errors import DataError, SpecError
from sparsernn.files import matlab
from sparsernn.files.reading import Reading
from sparsernn.files.series import read_series

X = np.random.default_rng(0).normal(size=(50, 3))


def saved(tmp_path, variables, **options):
    scipy.io.savemat(tmp_path / "x.mat", variables, **options)
    return tmp_path / "x.mat"


@pytest.mark.parametrize("options", [{}, {"do_compression": True}, {"format": "4"}])
def test_every_version_up_to_7(tmp_path, options):
    series = read_series(saved(tmp_path, {"x": X, "rate": 360.0}, **options))
    assert np.array_equal(series.values, X)
    assert series.names == ("x0", "x1", "x2")


def test_vectors_become_a_column_with_the_name_of_the_variable(tmp_path):
    for vector in (X[:, :1], X[:, 0][None, :]):
        series = read_series(saved(tmp_path, {"ecg": vector}))
        assert np.array_equal(series.values, X[:, :1])
        assert series.names == ("ecg",)


def test_integers(tmp_path):
    assert np.array_equal(read_series(saved(tmp_path, {"x": np.arange(9, dtype=np.int16)})).values[:, 0], np.arange(9))


def test_several_matrices_are_listed_until_one_is_named(tmp_path):
    path = saved(tmp_path, {"train": X, "test": X[:9], "note": "hi"})
    with pytest.raises(DataError, match=r"choose one with --variable NAME .*train \(50, 3\) double, test"):
        read_series(path)
    assert np.array_equal(read_series(path, reading=Reading(variable="test"), columns=[1]).values, X[:9, [1]])
    with pytest.raises(SpecError, match='no variable "tset", did you mean "test"'):
        read_series(path, reading=Reading(variable="tset"))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (np.array([1, "a"], dtype=object), "cell"),
        ({"a": X}, "struct"),
        ("hello", "char"),
        (scipy.sparse.eye(50).tocsc(), "sparse"),
    ],
)
def test_other_classes_are_refused_by_name(tmp_path, value, kind):
    path = saved(tmp_path, {"x": value})
    with pytest.raises(DataError, match=f"no matrix of numbers, only: x .* {kind}"):
        read_series(path)
    with pytest.raises(DataError, match=f'"x" is of class {kind}'):
        read_series(path, reading=Reading(variable="x"))


def test_complex_and_three_dimensional_matrices(tmp_path):
    with pytest.raises(DataError, match="complex"):
        read_series(saved(tmp_path, {"x": X + 1j}))
    with pytest.raises(DataError, match=r"shape \(2, 3, 4\)"):
        read_series(saved(tmp_path, {"x": np.ones((2, 3, 4))}))


@pytest.mark.parametrize("at", [0, 512])
def test_version_7_3_is_read_as_matlab_shows_it(tmp_path, at):
    h5py = pytest.importorskip("h5py", reason="needs the extra hdf5")
    path = tmp_path / "x.mat"
    with h5py.File(path, "w", userblock_size=at) as file:
        for name, value, kind in (("x", X, "double"), ("fs", np.array([[20.0]]), "double"), ("s", X[:1] > 0, "char")):
            file[name] = value.T
            file[name].attrs["MATLAB_class"] = np.bytes_(kind)
    series = read_series(path)
    assert np.array_equal(series.values, X)
    assert series.dt == 1 / 20
    assert any("transposed" in note for note in series.notes)


def test_a_row_vector_of_version_7_3_is_a_column(tmp_path):
    h5py = pytest.importorskip("h5py", reason="needs the extra hdf5")
    with h5py.File(tmp_path / "x.mat", "w", userblock_size=512) as file:
        file["ecg"] = X[:, :1]  # (50, 1): MATLAB's 1 × 50
        file["ecg"].attrs["MATLAB_class"] = np.bytes_("double")
    series = read_series(tmp_path / "x.mat")
    assert np.array_equal(series.values, X[:, :1])
    assert series.names == ("ecg",)


def test_damaged_version_7_3(tmp_path):
    pytest.importorskip("h5py", reason="needs the extra hdf5")
    (tmp_path / "x.mat").write_bytes(bytes(512) + b"\x89HDF\r\n\x1a\n" + bytes(500))
    with pytest.raises(DataError, match="cannot be read"):
        read_series(tmp_path / "x.mat")


def test_what_crashes_the_parser_is_a_data_error(tmp_path, fresh_child):
    """A data type that does not exist ends the interpreter inside SciPy 1.17."""
    path = saved(tmp_path, {"x": X})
    path.write_bytes(path.read_bytes().replace(struct.pack("<II", 9, X.nbytes), struct.pack("<II", 0, X.nbytes)))
    with pytest.raises(DataError, match=r"x\.mat is damaged.*ended there|x\.mat cannot be read"):
        read_series(path)


def test_times_and_rates_beside_the_matrix(tmp_path):
    series = read_series(saved(tmp_path, {"x": X, "t": np.arange(50) * 0.5}))
    assert np.array_equal(series.values, X)
    assert series.dt == 0.5
    assert read_series(saved(tmp_path, {"x": X, "Fs": 250})).dt == 1 / 250
    with pytest.raises(DataError, match=r"0\.1.*rises by 0.5"):
        read_series(saved(tmp_path, {"x": X, "t": np.arange(50) * 0.5, "fs": 10.0}))


@pytest.mark.parametrize("compressed", [False, True])
def test_every_truncation_is_a_data_error(tmp_path, compressed):
    path = saved(tmp_path, {"x": X}, do_compression=compressed)
    good = path.read_bytes()
    for end in range(1, len(good), 29):
        path.write_bytes(good[:end])
        with pytest.raises(DataError):
            read_series(path)


def header():
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"


def matrix(shape, data=b"", mclass=6, claimed=None):
    """A hand-written miMATRIX element that can claim anything."""

    def element(kind, content, length=None):
        content_length = len(content) if length is None else length
        return struct.pack("<II", kind, content_length) + content + bytes(-len(content) % 8)

    body = element(6, struct.pack("<II", mclass, 0)) + element(5, struct.pack(f"<{len(shape)}i", *shape))
    body += element(1, b"x") + element(9, data, claimed)
    return struct.pack("<II", 14, len(body)) + body


def test_the_hand_written_matrix_is_read(tmp_path):
    (tmp_path / "x.mat").write_bytes(header() + matrix((3, 1), np.array([1.0, 2, 4]).tobytes()))
    assert read_series(tmp_path / "x.mat").values[:, 0].tolist() == [1, 2, 4]


@pytest.mark.parametrize(
    "element",
    [
        matrix((10**6, 10**6), bytes(64)),
        matrix((10**6, 10**6), bytes(64), claimed=2**32 - 8),
        matrix((-2, -1), bytes(64)),
        matrix((2**31 - 1, 2**31 - 1), bytes(64), mclass=1),
        matrix((10**6, 10**6), bytes(64), mclass=17),
        matrix((3, 1), bytes(24))[:-8] + struct.pack("<II", 14, 2**32 - 1),
    ],
)
def test_hostile_headers(tmp_path, little_memory, element):
    for content in (element, struct.pack("<II", 15, len(zlib.compress(element))) + zlib.compress(element)):
        (tmp_path / "x.mat").write_bytes(header() + content)
        for variable in (None, "x"):
            with little_memory(), pytest.raises(DataError):
                read_series(tmp_path / "x.mat", reading=Reading(variable=variable))


def test_a_data_element_that_claims_4_gb(tmp_path):
    """SciPy asks the system for as much as is claimed and then finds that the file ends: nothing of it is used."""
    resource = pytest.importorskip("resource")
    (tmp_path / "x.mat").write_bytes(header() + matrix((2, 1), bytes(64), claimed=2**32 - 8))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError):
        read_series(tmp_path / "x.mat")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 200 * 2**10 * (
        1 if sys.platform == "linux" else 2**10
    )


def test_a_compression_bomb(tmp_path, little_memory, small_limit):
    packer = zlib.compressobj()
    body = packer.compress(matrix((2, 1), claimed=2**25))
    for _ in range(2**5):
        body += packer.compress(bytes(2**20))
    body += packer.flush()
    (tmp_path / "x.mat").write_bytes(header() + struct.pack("<II", 15, len(body)) + body)
    assert len(body) < 2**20
    with little_memory(16), pytest.raises(DataError, match="would unfold from"):
        matlab.parse(str(tmp_path / "x.mat"), None)


GOOD = {}


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_flipped_bytes_give_a_series_or_a_data_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "flipped.mat"
    for key, options in (("plain", {}), ("packed", {"do_compression": True}), ("four", {"format": "4"})):
        if key not in GOOD:
            scipy.io.savemat(path, {"a": X, "s": "text", "x": X[:5]}, **options)
            GOOD[key] = path.read_bytes()
    good = bytearray(GOOD[data.draw(st.sampled_from(sorted(GOOD)))])
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, min(len(good), 400) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(good)
    try:
        series = read_series(path, reading=Reading(variable=data.draw(st.sampled_from([None, "a"]))))
    except (DataError, SpecError):
        return
    assert np.isfinite(series.values).all()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", header(), bytes(4)]))
def test_garbage_is_a_data_error(tmp_path_factory, content, start):
    path = tmp_path_factory.getbasetemp() / "garbage.mat"
    path.write_bytes(start + content + b"x")
    with pytest.raises(DataError):
        read_series(path)
