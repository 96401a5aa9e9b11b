import socket

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sparsernn.errors import DataError
from sparsernn.files.series import read_series
from sparsernn.files.wfdb_record import signal_files

pytest.importorskip("wfdb", reason="needs the extra wfdb")

SAMPLES = np.random.default_rng(0).integers(-500, 500, (200, 2)).astype("<i2")
HEADER = "rec 2 250 200\nrec.dat 16 100(10)/mV 16 0 0 0 0 I\nrec.dat 16 200(0)/mV 16 0 0 0 0 resp\n"


@pytest.fixture
def record(tmp_path):
    def make(header=HEADER, data=SAMPLES.tobytes()):
        (tmp_path / "rec.hea").write_bytes(header if isinstance(header, bytes) else header.encode())
        (tmp_path / "rec.dat").write_bytes(data)
        return tmp_path / "rec.hea"

    return make


@pytest.fixture
def sealed(monkeypatch):
    """No network, and no file opened outside the given folder's record."""

    def refuse(*args, **options):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_physical_units_names_and_interval(record, sealed):
    series = read_series(record())
    assert series.dt == 1 / 250
    assert series.names == ("I", "resp")
    assert np.allclose(series.values, (SAMPLES - [10, 0]) / [100, 200], rtol=0, atol=1e-12)


def test_without_the_ending(record):
    assert read_series(record().with_suffix("")).source.endswith("rec.hea")


def test_columns_and_dt(record):
    series = read_series(record(), columns=["resp"], dt=0.5)
    assert series.dt == 0.5
    assert np.allclose(series.values[:, 0], SAMPLES[:, 1] / 200, rtol=0, atol=1e-12)


def test_the_hash_covers_header_and_signals(record):
    first = read_series(record()).sha256
    changed = SAMPLES.copy()
    changed[0, 0] += 1
    assert read_series(record(data=changed.tobytes())).sha256 != first
    assert read_series(record(HEADER.replace("250", "360"))).sha256 != first


def test_a_missing_package_says_how_to_get_it(record, without_package):
    path = record()
    without_package("wfdb")
    with pytest.raises(DataError, match=r"pip install 'sparsernn\[wfdb\]'"):
        read_series(path)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "../rec.dat",
        "/etc/passwd",
        "..",
        "sub/rec.dat",
        "https://example.org/rec.dat",
        "http:rec.dat",
        "s3://bucket/rec.dat",
        "file:///etc/passwd",
        "simplecache::rec.dat",
        "..\\rec.dat",
        "C:\\rec.dat",
        "~",
        "~root",
        "rec.dat;ls",
        "$HOME",
        "-",
        ".dat",
    ],
)
def test_only_files_beside_the_header_are_opened(record, sealed, name):
    with pytest.raises(DataError, match=r"only files beside the header|no such file"):
        read_series(record(HEADER.replace("rec.dat", name)))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "empty"),
        ("# nothing\n", "no WFDB header"),
        ("rec\n", "no WFDB header"),
        ("rec 0 250 200\n", "describes no signals"),
        ("rec/2 2 250 200\nsega 100\nsegb 100\n", "several segments"),
        (HEADER.replace("rec 2", "rec 3"), "announces 3 signals and describes 2"),
        (
            HEADER.replace("250 200", "250 1000000000000"),
            "claims 2,000,000,000,000 samples in rec.dat, which has 800 bytes",
        ),
        (HEADER.replace("dat 16", "dat 16x1000000000"), "claims 400,000,000,000 samples"),
        (HEADER.replace("dat 16", "dat 16x1000000000").replace("250 200", "250"), "claims"),
        (HEADER.replace("dat 16", "dat 16:1000000000"), "shifted by 1,000,000,000"),
        (HEADER.replace("dat 16", "dat 16+1000000000"), "claims"),
        (HEADER.replace("250 200", "250 201"), "cannot be read|claims"),
        (HEADER.replace("250", "0"), "no positive number"),
        (HEADER.replace("dat 16", "dat 77"), "cannot be read"),
        (HEADER.replace("dat 16", "dat 0"), "cannot be read"),
        (HEADER.replace("dat 16", "dat 516").replace("250 200", "250 1000000000000"), "claims"),
        (HEADER.replace("dat 16", "dat 516"), "cannot be read"),
        ("rec 2 250 " + "9" * 5000, "describes no signals"),
        ("9" * 2_000_000 + " 2", "no WFDB header"),
    ],
)
def test_damaged_and_hostile_headers(record, sealed, little_memory, header, message):
    path = record(header)
    with little_memory(), pytest.raises(DataError, match=message):
        read_series(path)


def sums(samples):
    return [int(s) & 0xFFFF for s in samples.sum(axis=0, dtype=np.int64)]


def with_sums(sums, frames=(1, 1)):
    lines = [
        f"rec.dat 16x{n} {g}/mV 16 0 0 {s} 0 {name}"
        for n, g, s, name in zip(frames, (100, 200), sums, ("I", "resp"), strict=True)
    ]
    return f"rec 2 250 {len(SAMPLES)}\n" + "\n".join(lines) + "\n# 69 M\n#  Aldomet\n"


def test_checksums_are_verified(record):
    good = sums(SAMPLES)
    series = read_series(record(with_sums(good)))
    assert series.units == ("mV", "mV")
    assert series.notes == ("comment of the record: 69 M Aldomet",)
    signed = [s - 0x10000 if s > 0x7FFF else s for s in good]
    assert np.array_equal(read_series(record(with_sums(signed))).values, series.values)
    changed = SAMPLES.copy()
    changed[17, 1] ^= 1
    path = record(with_sums(good), changed.tobytes())
    with pytest.raises(DataError, match=r'checksum of signal "resp"'):
        read_series(path)
    assert read_series(path, columns=["I"]).values.shape == (200, 1)


def test_a_checksum_that_was_not_counted_is_said(record):
    (note,) = read_series(record()).notes
    assert "not verified: I, resp" in note


def test_signals_are_read_at_their_own_rate(record):
    fast = np.random.default_rng(1).integers(-500, 500, (200, 4)).astype("<i2")
    slow = SAMPLES[:, :1]
    header = with_sums([int(s.sum(dtype=np.int64)) & 0xFFFF for s in (fast, slow)], frames=(4, 1))
    path = record(header, np.hstack([fast, slow]).tobytes())
    series = read_series(path, columns=["I"])
    assert series.dt == 1 / 1000
    assert np.allclose(series.values[:, 0], fast.ravel() / 100, rtol=0, atol=1e-12)
    series = read_series(path, columns=[1])
    assert series.dt == 1 / 250
    assert series.names == ("resp",)
    assert np.allclose(series.values, slow / 200, rtol=0, atol=1e-12)
    for columns in (None, ["resp", "I"]):
        with pytest.raises(DataError, match="250 Hz: resp; 1000 Hz: I"):
            read_series(path, columns=columns)


def test_the_order_of_the_columns_is_that_asked_for(record):
    both = read_series(record())
    turned = read_series(record(), columns=["resp", "I"])
    assert turned.names == ("resp", "I")
    assert turned.units == ("mV", "mV")
    assert np.array_equal(turned.values, both.values[:, ::-1])


def test_invalid_samples_are_missing_values(record):
    data = SAMPLES.copy()
    data[7, 1] = -32768
    with pytest.raises(DataError, match=r'1 values are missing .*row 7 .*"resp"'):
        read_series(record(data=data.tobytes()))


def test_a_missing_signal_file(record):
    path = record()
    path.with_suffix(".dat").unlink()
    with pytest.raises(DataError, match=r"rec\.dat: no such file"):
        signal_files(path)


def test_a_folder_that_looks_like_an_address(tmp_path, sealed):
    folder = tmp_path / "a::b"
    folder.mkdir()
    (folder / "rec.hea").write_text(HEADER)
    (folder / "rec.dat").write_bytes(SAMPLES.tobytes())
    with pytest.raises(DataError, match="move the record elsewhere"):
        read_series(folder / "rec.hea")


@settings(max_examples=150, deadline=None)
@example(content=HEADER.encode())
@given(
    st.one_of(
        st.binary(min_size=1, max_size=200),
        st.lists(
            st.sampled_from(
                [*HEADER.replace("\n", " \n ").split(" "), "8", "61", "80", "160", "212", "310", "311", "24"]
            ),
            min_size=4,
            max_size=25,
        ).map(lambda words: " ".join(words).encode()),
    )
)
def test_any_header_gives_a_series_or_a_data_error(tmp_path_factory, content):
    folder = tmp_path_factory.getbasetemp()
    (folder / "rec.hea").write_bytes(content)
    (folder / "rec.dat").write_bytes(SAMPLES.tobytes())
    try:
        series = read_series(folder / "rec.hea")
    except DataError:
        return
    assert np.isfinite(series.values).all()
    assert series.dt > 0


@pytest.mark.data
def test_mit_bih_record_100(recorded_file):
    series = read_series(recorded_file("ecg/100.hea"))
    assert series.values.shape == (650_000, 2)
    assert series.names == ("MLII", "V5")
    assert series.dt == 1 / 360
    assert np.allclose(series.values[0] * 200 + 1024, [995, 1011])
    # the header's checksums: 16-bit sums of all samples
    sums = np.round(series.values * 200 + 1024).astype(np.int64).sum(axis=0)
    assert (sums.astype(np.uint64).astype(np.uint16).astype(np.int16) == [-22131, 20052]).all()
