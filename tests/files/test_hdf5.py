import time

import numpy as np
import pytest

from sparsernn.errors import DataError, SpecError
from sparsernn.files.reading import Reading
from sparsernn.files.series import read_series

h5py = pytest.importorskip("h5py", reason="needs the extra hdf5")

X = np.random.default_rng(0).normal(size=(60, 3))


@pytest.fixture
def hdf5(tmp_path):
    """A function that writes a file: arrays by path, or a function that gets the open file."""

    def make(content, name="x.h5"):
        with h5py.File(tmp_path / name, "w") as file:
            if callable(content):
                content(file)
            else:
                for key, value in content.items():
                    file[key] = value
        return tmp_path / name

    return make


def variable(name):
    return Reading(variable=name)


def test_the_only_data_set_of_numbers(hdf5):
    series = read_series(hdf5({"deep/down/x": X.astype(">f4"), "note": "text", "deep/empty": np.empty(0)}))
    assert np.array_equal(series.values, X.astype("f4"))
    assert series.dt is None


def test_several_are_listed_with_their_shapes(hdf5):
    path = hdf5({"a/x": X, "a/y": X[:9], "b/y": X[:8]})
    with pytest.raises(DataError, match=r"--variable NAME .*a/x \(60, 3\) float64, a/y \(9, 3\)"):
        read_series(path)
    assert np.array_equal(read_series(path, reading=variable("x")).values, X)
    assert np.array_equal(read_series(path, reading=variable("/b/y")).values, X[:8])
    with pytest.raises(DataError, match="several"):
        read_series(path, reading=variable("y"))
    with pytest.raises(SpecError, match='no variable "a/z"'):
        read_series(path, reading=variable("a/z"))


def test_interval_units_and_names_from_attributes(hdf5):
    def content(file):
        file["x"] = X
        file["x"].attrs.update(sampling_rate=250.0, units="mV", columns=["u", "v", "w"])

    series = read_series(hdf5(content), columns=["w", "u"])
    assert series.names == ("w", "u")
    assert series.units == ("mV", "mV")
    assert series.dt == 1 / 250
    assert "sampling_rate" in series.dt_source


def test_times_beside(hdf5):
    series = read_series(hdf5({"rec/x": X, "rec/time": np.arange(60) * 0.25, "other/note": "n"}))
    assert np.array_equal(series.values, X)
    assert series.dt == 0.25
    uneven = np.cumsum(np.random.default_rng(1).uniform(0.5, 1.5, 60))
    with pytest.raises(DataError, match=r"time.*not even"):
        read_series(hdf5({"x": X, "time": uneven}))


def test_a_compound_data_set_is_a_table(hdf5):
    table = np.array(
        list(zip(np.arange(60) * 0.1, *X.T, strict=True)), dtype=[(n, "f8") for n in ("time", "u", "v", "w")]
    )
    series = read_series(hdf5({"table": table}))
    assert series.names == ("u", "v", "w")
    assert series.dt == 0.1
    assert np.array_equal(read_series(hdf5({"table": table}), columns=["v"]).values, X[:, 1:2])
    mixed = np.array([(1.0, b"a")], dtype=[("u", "f8"), ("s", "S1")])
    with pytest.raises(DataError, match="no matrix of numbers"):
        read_series(hdf5({"table": mixed}))


def test_fill_values_are_missing(hdf5):
    def content(file):
        file["x"] = np.where(np.arange(60)[:, None] == 7, -9999.0, X)
        file["x"].attrs["_FillValue"] = -9999.0

    path = hdf5(content)
    with pytest.raises(DataError, match="3 values are missing"):
        read_series(path)
    series = read_series(path, reading=Reading(gaps="cut"))
    assert series.starts == (0, 7)
    assert any("fill value" in note for note in series.notes)


@pytest.mark.parametrize("fill", [np.nan, 1e20, -1e20, 0.5, np.inf])
def test_a_fill_value_that_integers_cannot_hold_fills_nothing(hdf5, fill):
    counts = np.rint(100 * X).astype("i2")

    def content(file):
        file["x"] = counts
        file["x"].attrs["_FillValue"] = fill

    assert np.array_equal(read_series(hdf5(content)).values, counts)


def test_packed_numbers_are_unpacked_and_fill_values_are_packed_ones(hdf5):
    counts = np.rint(100 * X).astype("i2")

    def content(file, scale=0.01):
        file["x"] = np.where(np.arange(60)[:, None] == 7, -9999, counts)
        file["x"].attrs.update({"scale_factor": scale, "add_offset": 3.0, "_FillValue": np.int16(-9999)})

    series = read_series(hdf5(content), reading=Reading(gaps="cut"))
    assert np.allclose(series.values, np.delete(counts, 7, 0) * 0.01 + 3, rtol=0, atol=1e-12)
    assert any("packed" in note for note in series.notes)
    with pytest.raises(DataError, match="scale_factor or add_offset that is no number"):
        read_series(hdf5(lambda file: content(file, np.nan)))


def test_many_numbers_are_listed_in_no_time(hdf5):
    path = hdf5({f"g{i}/t": 1.0 for i in range(4000)} | {"x": X})
    begin = time.monotonic()
    assert np.array_equal(read_series(path).values, X)
    with pytest.raises(DataError, match="several arrays"):
        read_series(hdf5({f"g{i}/t": X[:, 0] for i in range(1500)}))
    assert time.monotonic() - begin < 10


def test_three_dimensions_are_trials_and_complex_numbers_are_refused(hdf5):
    assert read_series(hdf5({"x": X.reshape(3, 20, 3)})).starts == (0, 20, 40)
    with pytest.raises(DataError, match="complex"):
        read_series(hdf5({"x": X + 1j}))


def test_links_to_other_files_are_not_followed(hdf5, tmp_path):
    hdf5({"x": X}, "secret.h5")

    def content(file):
        file["outside"] = h5py.ExternalLink("secret.h5", "/x")
        file["through"] = h5py.SoftLink("/outside")
        file["small"] = X[:5]

    path = hdf5(content)
    assert np.array_equal(read_series(path).values, X[:5])
    for name in ("outside", "through"):
        with pytest.raises(SpecError, match="no variable"):
            read_series(path, reading=variable(name))


def test_values_in_other_files_are_not_read(hdf5, tmp_path):
    hdf5({"x": X}, "secret.h5")

    def content(file):
        layout = h5py.VirtualLayout(X.shape, float)
        layout[:] = h5py.VirtualSource("secret.h5", "x", X.shape)
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("external", X.shape, float, external=[("secret.h5", 0, X.nbytes)])

    for name in ("virtual", "external"):
        with pytest.raises(DataError, match="lie in other files, which are not opened"):
            read_series(hdf5(content), reading=variable(name))


def test_what_was_never_written_is_no_series_of_zeros(hdf5):
    with pytest.raises(DataError, match="never written"):
        read_series(hdf5(lambda file: file.create_dataset("x", (60, 3), float)))

    def half(file):
        file.create_dataset("x", (60, 3), float, chunks=(10, 3))[:30] = X[:30]

    with pytest.raises(DataError, match="3 of the 6 pieces"):
        read_series(hdf5(half))


def test_a_bomb(hdf5):
    def content(file):
        data = file.create_dataset("x", (40_000_000, 1), float, chunks=(4_000_000, 1), compression="gzip")
        data[:4_000_000] = 0

    with pytest.raises(DataError, match=r"claims shape .* more than"):
        read_series(hdf5(content))


def test_a_missing_package_says_how_to_get_it(hdf5, without_package):
    path = hdf5({"x": X})
    without_package("h5py")
    with pytest.raises(DataError, match=r"pip install 'sparsernn\[hdf5\]'"):
        read_series(path)


@pytest.fixture
def nwb(tmp_path):
    def make(**series):
        with h5py.File(tmp_path / "x.nwb", "w") as file:
            file.attrs["nwb_version"] = "2.6.0"
            for name, entries in series.items():
                group = file.create_group(f"acquisition/{name}")
                group["data"] = entries["data"]
                group["data"].attrs.update({k: entries[k] for k in ("unit", "conversion", "offset") if k in entries})
                if "rate" in entries:
                    group["starting_time"] = 0.0
                    group["starting_time"].attrs["rate"] = entries["rate"]
                for key in ("timestamps", "channel_conversion"):
                    if key in entries:
                        group[key] = entries[key]
        return tmp_path / "x.nwb"

    return make


COUNTS = np.random.default_rng(1).integers(-1000, 1000, (60, 2)).astype("i2")


def test_nwb_in_physical_units(nwb):
    series = read_series(
        nwb(ecog={"data": COUNTS, "unit": "volts", "conversion": 2e-6, "offset": 0.5, "rate": 30.0}), columns=[1]
    )
    assert np.allclose(series.values[:, 0], COUNTS[:, 1] * 2e-6 + 0.5, rtol=0, atol=1e-12)
    assert series.names == ("ecog1",)
    assert series.units == ("volts",)
    assert series.dt == 1 / 30
    assert series.time_unit == "s"
    assert "30 Hz" in series.dt_source


def test_nwb_conversions_of_channels(nwb):
    path = nwb(x={"data": COUNTS, "conversion": 0.1, "channel_conversion": np.array([1.0, 3.0]), "rate": 1.0})
    assert np.allclose(read_series(path).values, COUNTS * [0.1, 0.3])
    path = nwb(x={"data": COUNTS, "channel_conversion": np.ones(3), "rate": 1.0})
    with pytest.raises(DataError, match="3 channel conversions"):
        read_series(path)


def test_nwb_timestamps(nwb):
    times = np.arange(60) * 0.02 + 5
    series = read_series(nwb(lfp={"data": COUNTS[:, 0], "timestamps": times}))
    assert series.dt == pytest.approx(0.02)
    assert series.names == ("lfp",)
    gap = np.where(np.arange(60) < 30, times, times + 9)
    path = nwb(lfp={"data": COUNTS[:, 0], "timestamps": gap})
    with pytest.raises(DataError, match="pauses once"):
        read_series(path)
    assert read_series(path, reading=Reading(gaps="cut")).starts == (0, 30)
    with pytest.raises(DataError, match="60 rows and 59 timestamps"):
        read_series(nwb(lfp={"data": COUNTS[:, 0], "timestamps": times[:-1]}))


def test_nwb_timestamps_shared_by_a_link(nwb):
    path = nwb(
        a={"data": COUNTS[:, 0], "timestamps": np.arange(60) * 0.5},
        b={"data": COUNTS[:, 1], "timestamps": h5py.SoftLink("/acquisition/a/timestamps")},
        c={"data": COUNTS[:, 1], "timestamps": h5py.SoftLink("/elsewhere")},
    )
    with pytest.raises(DataError, match=r"acquisition/a \(60,\) int16, acquisition/b"):
        read_series(path)
    series = read_series(path, reading=variable("b"))
    assert series.dt == 0.5
    assert np.array_equal(series.values[:, 0], COUNTS[:, 1])
    with pytest.raises(DataError, match="neither a rate nor timestamps"):
        read_series(path, reading=variable("c"))


@pytest.mark.parametrize("rate", [0.0, -1.0, np.inf, np.nan])
def test_nwb_rates_that_are_none(nwb, rate):
    with pytest.raises(DataError, match="expected a positive number"):
        read_series(nwb(x={"data": COUNTS, "rate": rate}))


def test_no_series_in_nwb(hdf5):
    with pytest.raises(DataError, match="no time series"):
        read_series(hdf5({"general/data": X}, "y.nwb"))


@pytest.mark.parametrize(("rate", "said"), [(0.0, "fs = 0"), ("250 Hz", '"fs" is no number')])
def test_a_rate_that_is_none_is_said_and_not_used(tmp_path, rate, said):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["signal"] = np.random.default_rng(0).normal(size=(50, 3))
        file["signal"].attrs["fs"] = rate
    series = read_series(tmp_path / "x.h5")
    assert series.dt is None
    assert any(said in note and "--dt gives it" in note for note in series.notes)
    with h5py.File(tmp_path / "x.h5", "a") as file:
        file["sampling_rate"] = 250.0
    assert read_series(tmp_path / "x.h5").dt == 1 / 250
