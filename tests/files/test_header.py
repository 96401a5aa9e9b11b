import numpy as np
import pytest

from sparsernn.errors import DataError
from sparsernn.files.reading import Reading
from sparsernn.files.series import read_series

RNG = np.random.default_rng(0)
WAVES = np.sin(np.arange(300)[:, None] * [0.11, 0.07, 0.05, 0.13]) + 0.01 * RNG.normal(size=(300, 4))


def written(tmp_path, header, values, index=False, form=repr):
    lines = [header] if header is not None else []
    lines += [",".join([str(i)] * index + [form(float(v)) for v in row]) for i, row in enumerate(values)]
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "x.csv"


@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e5])
@pytest.mark.parametrize("header", ["0,1,2,3", "2001,2002,2003,2004", "1,2,3,4"])
def test_counted_headers_beside_decimals(tmp_path, header, scale):
    series = read_series(written(tmp_path, header, scale * WAVES))
    assert series.values.shape == (300, 4)
    assert series.names == tuple(header.split(","))
    assert "names of the columns" in series.notes[0]


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_the_header_of_a_frame_with_its_index(tmp_path, columns):
    header = "," + ",".join(map(str, range(columns)))
    series = read_series(written(tmp_path, header, WAVES[:, :columns], index=True))
    assert series.names == tuple(map(str, range(columns)))
    assert np.array_equal(series.values, WAVES[:, :columns])
    assert series.dt is None
    assert any("counts the rows" in note for note in series.notes)


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("0,1", 1e-5 * WAVES[:, :2]),
        ("0", 1e-5 * WAVES[:, :1]),
        ("10,20,30", WAVES[:, :3]),
        ("0.5,1.0,1.5,2.0", 1e-3 * WAVES),
    ],
)
def test_doubtful_headers_are_asked_for(tmp_path, header, values):
    path = written(tmp_path, header, values)
    with pytest.raises(DataError, match=r"x\.csv: the first line .* --header or --no-header"):
        read_series(path)
    assert len(read_series(path, reading=Reading(header=True)).values) == 300
    assert len(read_series(path, reading=Reading(header=False)).values) == 301


def test_whole_numbers_below_a_counted_line_are_doubtful(tmp_path):
    path = written(tmp_path, "0,1,2", np.round(100 * WAVES[:, :3]) + 7, form=lambda v: str(int(v)))
    with pytest.raises(DataError, match="--header"):
        read_series(path)


def test_a_first_line_of_data_in_whole_numbers_goes_on_below(tmp_path):
    t = 0.05 * np.arange(300) + 1e-9
    waves = np.column_stack([np.sin(t), np.cos(t)])
    series = read_series(written(tmp_path, None, [[5, 20], *(waves[1:] + [5, 19])], form=lambda v: f"{v:g}"))
    assert series.values.shape == (300, 2)
    assert "taken as data" in series.notes[0]
    t = 0.05 * np.arange(300)
    series = read_series(written(tmp_path, None, np.column_stack([t, waves]), form=lambda v: f"{v:g}"))
    assert series.values.shape == (300, 2)
    assert series.dt == 0.05


def test_duplicate_quoted_and_spaced_names(tmp_path):
    path = written(tmp_path, '\ufeff"a, b"," c  d ",e,e', WAVES)
    assert read_series(path).names == ("a, b", "c d", "e", "e")
    assert read_series(path, columns=["a, b"]).values.shape == (300, 1)


def test_two_header_rows_are_said(tmp_path):
    path = written(tmp_path, "a,b,c,d\nu,v,w,x", WAVES)
    with pytest.raises(DataError, match=r"line 2, .* second header, remove it"):
        read_series(path)


def test_units_in_names_and_below(tmp_path):
    series = read_series(written(tmp_path, "V [mV],I (nA),x(t-1),w", WAVES))
    assert series.units == ("mV", "nA", "", "")
    assert series.names[0] == "V [mV]"
    assert read_series(tmp_path / "x.csv", columns=["V"]).names == ("V [mV]",)
    series = read_series(written(tmp_path, "V,I,x,w\n[mV],(nA),,[a.u.]", WAVES))
    assert series.units == ("mV", "nA", "", "a.u.")
