import numpy as np
import pytest

from sparsernn.errors import DataError, SpecError
from sparsernn.files.reading import Reading
from sparsernn.files.series import read_series

RNG = np.random.default_rng(0)
FP1, FP2 = RNG.integers(-2000, 2000, (2, 6, 16))
SLOW = RNG.integers(-2000, 2000, (6, 4))


def field(value, width):
    return str(value).encode("latin-1").ljust(width)


def signal(label, samples, unit="uV", physical=(-500, 500), digital=(-2048, 2047)):
    return {"label": label, "samples": samples, "unit": unit, "physical": physical, "digital": digital}


def written(path, signals, *, blocks=None, seconds=1, plus="", width=2, count=None, length=None, extra=b""):
    """An EDF file by hand, so that it can claim anything. Samples are (blocks, samples) integers or (blocks,) bytes."""
    number = len(signals) if count is None else count
    first = b"\xffBIOSEMI" if width == 3 else b"0       "
    have = len(signals[0]["samples"])
    head = first + field("X", 80) + field("Y", 80) + field("01.01.2001.01.01", 16)
    head += field(256 * (1 + len(signals)) if length is None else length, 8) + field(plus, 44)
    head += field(have if blocks is None else blocks, 8) + field(seconds, 8) + field(number, 4)
    sizes = [len(s["samples"][0]) // (width if isinstance(s["samples"][0], bytes) else 1) for s in signals]
    rows = [(16, [s["label"] for s in signals]), (80, [""] * len(signals)), (8, [s["unit"] for s in signals])]
    rows += [(8, [s[key][end] for s in signals]) for key in ("physical", "digital") for end in (0, 1)]
    rows += [(80, [""] * len(signals)), (8, sizes), (32, [""] * len(signals))]
    head += b"".join(field(cell, size) for size, cells in rows for cell in cells)
    body = b""
    for block in range(have):
        for s in signals:
            part = s["samples"][block]
            body += part if isinstance(part, bytes) else pack(part, width)
    path.write_bytes(head + body + extra)
    return path


def pack(values, width):
    return np.asarray(values).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :width].tobytes()


def clock(onsets, size=16, width=2):
    return signal("EDF Annotations", [f"+{t:g}\x14\x14".encode().ljust(size * width, b"\0") for t in onsets])


def volts(digital):
    return (digital.reshape(-1) + 2048) * (1000 / 4095) - 500


def test_values_names_units_and_interval(tmp_path):
    path = written(tmp_path / "x.edf", [signal("EEG Fp1", FP1), signal("EEG Fp2", FP2, "mV")], seconds=0.5)
    series = read_series(path)
    assert np.allclose(series.values, np.column_stack([volts(FP1), volts(FP2)]), rtol=0, atol=1e-9)
    assert series.names == ("EEG Fp1", "EEG Fp2")
    assert series.units == ("uV", "mV")
    assert series.dt == 0.5 / 16
    assert series.time_unit == "s"
    assert series.dt_source == "the file's header (16 samples in 0.5 s)"
    assert series.starts == (0,)


def test_bdf_has_three_bytes_a_sample(tmp_path):
    wide = RNG.integers(-(2**23), 2**23, (6, 16))
    path = written(tmp_path / "x.bdf", [signal("A1", wide, "uV", (-100, 100), (-(2**23), 2**23 - 1))], width=3)
    expected = (wide.reshape(-1, 1) + 2**23) * (200 / (2**24 - 1)) - 100
    assert np.allclose(read_series(path).values, expected, rtol=0, atol=1e-9)


def test_signals_of_several_rates(tmp_path):
    path = written(tmp_path / "x.edf", [signal("Fp1", FP1), signal("resp", SLOW), signal("Fp2", FP2)])
    with pytest.raises(DataError, match=r"--columns .*16 Hz: Fp1, Fp2; 4 Hz: resp"):
        read_series(path)
    with pytest.raises(DataError, match="16 Hz: Fp2; 4 Hz: resp"):
        read_series(path, columns=["Fp2", "resp"])
    slow = read_series(path, columns=["resp"])
    assert slow.dt == 0.25
    assert np.allclose(slow.values[:, 0], volts(SLOW))
    fast = read_series(path, columns=[2, 0])
    assert fast.names == ("Fp2", "Fp1")
    assert fast.dt == 1 / 16
    with pytest.raises(SpecError, match='no column "Fp3"'):
        read_series(path, columns=["Fp3"])


def test_annotations_are_left_out_and_not_counted(tmp_path):
    path = written(tmp_path / "x.edf", [clock(range(6)), signal("Fp1", FP1), signal("Fp2", FP2)], plus="EDF+C")
    series = read_series(path, columns=[1])
    assert series.names == ("Fp2",)
    assert series.starts == (0,)
    assert "1 channel of annotations left out" in series.notes
    with pytest.raises(DataError, match="annotations only"):
        read_series(written(tmp_path / "y.edf", [clock(range(6))], plus="EDF+C", seconds=0))


@pytest.mark.parametrize("plus", ["EDF+D", "EDF+C"])
def test_pauses_make_stretches(tmp_path, plus):
    path = written(tmp_path / "x.edf", [signal("Fp1", FP1), clock([0, 1, 2, 7, 8, 20])], plus=plus)
    series = read_series(path)
    assert series.starts == (0, 48, 80)
    assert np.allclose(series.values[:, 0], volts(FP1))


def test_a_discontinuous_file_must_say_when_its_blocks_begin(tmp_path):
    with pytest.raises(DataError, match="discontinuous"):
        read_series(written(tmp_path / "x.edf", [signal("Fp1", FP1)], plus="EDF+D"))
    with pytest.raises(DataError, match="begins before block 1 has ended"):
        read_series(written(tmp_path / "x.edf", [signal("Fp1", FP1), clock([0, 1, 1.5, 3, 4, 5])], plus="EDF+D"))


def test_a_recording_that_was_cut_off(tmp_path):
    path = written(tmp_path / "x.edf", [signal("Fp1", FP1)], blocks=-1, extra=b"12345678")
    series = read_series(path)
    assert len(series.values) == 96
    assert any("incomplete" in note for note in series.notes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks": 7}, "truncated: its header claims 7 blocks of 32 bytes, 192 bytes are there"),
        ({"blocks": 5}, "damaged, or has something appended"),
        ({"blocks": 0}, "damaged"),
        ({"blocks": "many"}, 'number of blocks is "many"'),
        ({"extra": b"x"}, "damaged, or has something appended"),
        ({"count": 9999}, "claims 9,999 signals"),
        ({"count": 0}, "claims 0 signals"),
        ({"count": -1}, "claims -1 signals"),
        ({"length": 768}, "header claims 768 bytes; 1 signals need 512"),
        ({"seconds": 0}, "blocks last 0 s"),
        ({"seconds": "nan"}, 'length of a block is "nan"'),
        ({"seconds": "1_0"}, 'length of a block is "1_0"'),
    ],
)
def test_damaged_and_hostile_headers(tmp_path, little_memory, change, message):
    path = written(tmp_path / "x.edf", [signal("Fp1", FP1)], **change)
    with little_memory(), pytest.raises(DataError, match=message):
        read_series(path)


@pytest.mark.parametrize(
    "scale",
    [
        {"physical": (5, 5)},
        {"digital": (7, 7)},
        {"digital": (2047, -2048)},
        {"physical": ("x", 1)},
        {"physical": ("inf", 1)},
    ],
)
def test_scales_that_are_none(tmp_path, scale):
    path = written(tmp_path / "x.edf", [signal("Fp1", FP1), signal("bad", FP2, **scale)])
    with pytest.raises(DataError, match='"bad"'):
        read_series(path)
    assert read_series(path, columns=["Fp1"]).values.shape == (96, 1)


def test_every_truncation_is_a_data_error(tmp_path):
    path = written(tmp_path / "x.edf", [signal("Fp1", FP1)])
    good = path.read_bytes()
    for end in range(1, len(good), 7):
        path.write_bytes(good[:end])
        with pytest.raises(DataError):
            read_series(path)


def test_there_are_no_variables(tmp_path):
    with pytest.raises(SpecError, match="no named variables"):
        read_series(written(tmp_path / "x.edf", [signal("Fp1", FP1)]), reading=Reading(variable="x"))


@pytest.mark.parametrize("ending", ["edf", "bdf"])
def test_like_edflib(tmp_path, ending):
    """The same numbers as the library in which most such files are written and read."""
    pyedflib = pytest.importorskip("pyedflib", reason="compares with pyedflib")
    path = tmp_path / f"x.{ending}"
    kind = pyedflib.FILETYPE_BDFPLUS if ending == "bdf" else pyedflib.FILETYPE_EDFPLUS
    top = 8388607 if ending == "bdf" else 32767
    writer = pyedflib.EdfWriter(str(path), 2, kind)
    common = {"dimension": "uV", "sample_frequency": 200, "physical_max": 300, "physical_min": -250}
    common |= {"digital_max": top, "digital_min": -top - 1, "prefilter": "", "transducer": ""}
    writer.setSignalHeaders([{"label": name, **common} for name in ("Fp1", "Fp2")])
    writer.writeSamples([RNG.normal(0, 40, 1000), RNG.normal(0, 40, 1000)])
    writer.writeAnnotation(1.2, -1, "stimulus")
    writer.close()
    series = read_series(path)
    with pyedflib.EdfReader(str(path)) as reader:
        expected = np.column_stack([reader.readSignal(i) for i in (0, 1)])
    assert np.allclose(series.values, expected, rtol=0, atol=1e-9)
    assert series.dt == 1 / 200
    assert series.names == ("Fp1", "Fp2")
