"""A look at recordings: what it says, and that the command it suggests is one that can be run."""

import shlex

import numpy as np
import pytest

from sparsernn.files.reading import Reading
from sparsernn.files.series import Series, read_series
from sparsernn.report.figures.look.view import View
from sparsernn.studies.look import look, warnings_for
from sparsernn.studies.look_file import series_to_look_at
from sparsernn.tasks.reconstruction import Reconstruction

t = np.arange(4000)
rng = np.random.default_rng(0)
circle = np.stack([np.sin(0.05 * t), np.cos(0.05 * t)], 1)


def series(values, **fields):
    values = np.asarray(values, float)
    values = values[:, None] if values.ndim == 1 else values
    names = tuple(f"x{i}" for i in range(values.shape[1]))
    return Series(**{"values": values, "names": names, "dt": None, "source": "x.npy", "sha256": ""} | fields)


def codes(looked):
    return {w.code for w in looked.warnings}


def test_what_is_known_of_a_circle():
    looked = look(series(circle, dt=0.1, dt_source="given", time_unit="s"))
    found = looked.to_dict()
    assert (found["rows"], found["columns"], found["dt"], found["dt_source"]) == (4000, ["x0", "x1"], 0.1, "given")
    assert found["period"] == pytest.approx(2 * np.pi / 0.05, rel=1e-3)
    assert found["period_time"] == pytest.approx(2 * np.pi / 0.5, rel=1e-3)
    assert found["noise"] < 1e-3
    assert found["spectrum"][0]["frequency"] == pytest.approx(0.5 / (2 * np.pi), rel=0.05)
    assert found["split"] == {"train": 2400, "validation": 800, "test": 800}
    assert 0 <= found["d_stsp"]["floor"] < found["d_stsp"]["ceiling"]
    assert [w["code"] for w in found["warnings"]] == ["periodic"]
    assert set(found["warnings"][0]) == {"code", "column", "text", "try"}
    assert found["command"] == "sparsernn reconstruct x.npy --out my-run"


def test_noise_in_units_of_the_columns_sd():
    looked = look(series(circle + 0.1 * rng.normal(size=circle.shape)))
    assert looked.to_dict()["noise"] == pytest.approx(0.1 / np.hypot(0.1, np.sqrt(0.5)), rel=0.1)
    assert "--smooth 1" in looked.command
    assert look(series(np.tile([0.3, 0.8, 0.5, 0.9], 500))).to_dict()["noise"] is None


def test_a_period_between_whole_rows():
    """A tide of 12.42 and 25.82 hours, sampled every hour, with weather in it."""
    tide = np.sin(2 * np.pi * t / 12.42) + 0.4 * np.sin(2 * np.pi * t / 25.82 + 1) + 0.1 * rng.normal(size=len(t))
    found = look(series(tide)).to_dict()
    assert found["period"] == pytest.approx(12.42, abs=0.01)
    assert found["spectrum"][0]["period"] == pytest.approx(12.42, abs=0.01)


def test_what_is_sampled_coarsely_is_not_taken_for_noise():
    from .look_gallery import lorenz

    coarse = lorenz(20_000, 0.02)[::6]  # 12 rows a turn, no noise
    assert look(series(coarse)).to_dict()["noise"] is None
    fine = lorenz(4_000, 0.05)
    noisy = fine + 0.05 * fine.std(axis=0) * rng.normal(size=fine.shape)
    assert look(series(noisy)).to_dict()["noise"] == pytest.approx(0.05, rel=0.2)


def test_one_column_is_embedded():
    found = look(series(circle[:, 0] + 0.3 * np.sin(0.13 * t))).to_dict()["embedding"]
    assert found["lags"][0] == 0
    assert len(found["lags"]) > 1
    assert "false nearest neighbors" in found["why"]


@pytest.mark.parametrize(
    ("values", "code", "options"),
    [
        (circle + 0.002 * t[:, None], "nonstationary", "--detrend"),
        ((rng.random(4000) < 0.05) * 1.0, "spikes", "--smooth"),
        (np.repeat(circle[:1000] + 1e-3 * rng.normal(size=(1000, 2)), 4, axis=0), "duplicates", "--every 4"),
        (np.column_stack([circle, 2 * circle[:, 0]]), "duplicates", "--columns x0,x1"),
        (circle[:60], "too_short", "--sequence"),
        (np.sin(0.05 * t[:90]), "too_short", "--lags 0,1 --sequence"),
        (np.cumsum(rng.normal(size=(4000, 60)), axis=0), "wide", "--hidden 120"),
    ],
)
def test_the_command_mends_what_an_option_mends_and_loads(values, code, options, tmp_path):
    np.save(tmp_path / "x.npy", values)
    looked = look(read_series(tmp_path / "x.npy"))
    assert code in codes(looked)
    words = shlex.split(looked.command)
    assert all(word in words for word in shlex.split(options))
    given = dict(zip(words[3:-2:2], words[4:-2:2], strict=True))
    fields = {
        "columns": tuple(given["--columns"].split(",")) if "--columns" in given else None,
        "detrend": float(given.get("--detrend", 0)),
        "smooth": float(given.get("--smooth", 0)),
        "every": int(given.get("--every", 1)),
        "sequence": int(given.get("--sequence", 100)),
        "lags": tuple(map(int, given["--lags"].split(",")))
        if "--lags" in given
        else "auto"
        if values.ndim == 1
        else None,
    }
    recording = Reconstruction(file=str(tmp_path / "x.npy"), **fields).load()
    assert np.isfinite(recording.train).all()


def test_what_is_mended_is_not_warned_of_again(tmp_path):
    np.save(tmp_path / "x.npy", circle + 0.002 * t[:, None])
    known = read_series(tmp_path / "x.npy")
    task = Reconstruction(file=str(tmp_path / "x.npy"), sequence=50)
    assert "nonstationary" in {w.code for w in warnings_for(known, task)}
    width = float(look(known).command.split("--detrend ")[1].split()[0])
    mended = Reconstruction(file=str(tmp_path / "x.npy"), sequence=50, detrend=width)
    assert "nonstationary" not in {w.code for w in warnings_for(known, mended)}


def test_fill_values_name_the_column_and_there_is_no_command():
    values = circle.copy()
    values[::500, 1] = -9999
    looked = look(series(values))
    assert looked.command is None
    first = looked.to_dict()["warnings"][0]
    assert (first["code"], first["column"]) == ("outliers", "x1")
    assert "-9999" in first["text"]


def test_many_columns_with_one_fault_are_one_warning():
    values = np.cumsum(rng.normal(size=(4000, 12)), axis=0)
    found = [w for w in look(series(values)).warnings if w.code == "nonstationary"]
    assert len(found) == 1
    assert found[0].column is None


def write(path, times, values, header="time,x,y"):
    np.savetxt(path, np.column_stack([times, values]), delimiter=",", header=header, comments="", fmt="%.10g")
    return path


@pytest.mark.parametrize(
    ("change", "way"),
    [
        (lambda s: s + 0.3 * np.random.default_rng(1).random(len(s)), "--resample"),
        (lambda s: s + 50.0 * (np.arange(len(s)) > 2000), "--gaps cut"),
    ],
)
def test_an_uneven_time_is_said_and_read_all_the_same(change, way, tmp_path):
    path = write(tmp_path / "x.csv", change(1.0 * t), circle)
    known, odd = series_to_look_at(path)
    assert [o.code for o in odd] == ["uneven_time"]
    assert way.split()[0] in odd[0].mend
    looked = look(known, found=odd)
    assert way in looked.command
    assert looked.to_dict()["columns"] == ["x", "y"]


def test_shuffled_rows_have_no_command_before_they_are_sorted(tmp_path):
    order = np.random.default_rng(0).permutation(4000)
    known, odd = series_to_look_at(write(tmp_path / "x.csv", t[order], circle[order]))
    assert odd[0].code == "uneven_time"
    assert look(known, found=odd).command is None


def test_missing_values_stay_until_it_is_said_what_to_do(tmp_path):
    values = circle.copy()
    values[1000:1100, 0] = np.nan
    path = write(tmp_path / "x.csv", t, values)
    known, odd = series_to_look_at(path)
    assert not odd
    looked = look(known)
    assert codes(looked) == {"missing", "periodic"}
    assert looked.stretches == (1000, 2900)
    assert "--gaps cut" in looked.command
    told, _ = series_to_look_at(path, reading=Reading(gaps="cut"))
    assert "missing" not in codes(look(told))


def test_stretches_are_not_joined():
    both = np.concatenate([circle[:1000], circle[1500:2500]])
    looked = look(series(both, starts=(0, 1000)))
    assert looked.stretches == (1000, 1000)
    assert looked.to_dict()["gaps"] == 1


def test_the_page_is_whole(tmp_path):
    values = circle.copy()
    values[500:600] = np.nan
    names = ("<b>&x</b>", "y")
    look(series(values, names=names, units=("mV", ""), starts=(0, 2000))).write(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "<b>&x" not in page
    assert "missing" in page
    assert all(f'id="figure-{name}"' in page for name in ("series", "detail", "power", "orbit", "histogram"))
    assert "://" not in page.split("<script>")[0]


@pytest.mark.parametrize(
    "values", [circle[:5], np.full((40, 2), np.nan), np.ones((40, 1)), circle * 1e200, circle[:, :1] * 0.0]
)
def test_odd_inputs_still_give_a_look_and_a_page(values, tmp_path):
    looked = look(series(values))
    assert looked.warnings
    looked.write(tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size > 1e6


def test_smoothing_is_not_suggested_where_it_mends_nothing():
    """A random walk; a record that `reconstruct` prepares as an electrocardiogram by itself."""
    walk = np.cumsum(np.random.default_rng(0).normal(size=(4_000, 1)), axis=0)
    assert "--smooth" not in (look(series(walk)).command or "")
    noisy = series(circle + 0.1 * rng.normal(size=circle.shape))._replace(names=("MLII", "V1"), dt=0.01)
    assert "--smooth 1" in look(noisy, files=["x.csv"]).command
    assert "--smooth" not in look(noisy, files=["x.hea"]).command


def test_a_unit_in_a_name_is_not_said_twice():
    values = np.sin(np.arange(400)[:, None] * [0.1, 0.23])
    series = Series(values, ("V [mV]", "level"), 0.1, "made", "", units=("mV", "m"))
    assert dict(look(series).facts())["columns"] == "2: V [mV], level [m]"


def test_units_stand_once_in_pictures_too():
    values = np.sin(np.arange(400)[:, None] * [0.1, 0.23])
    view = View(values, ("V [mV]", "level"), ("mV", "m"), 0.1, "", (0,), None, 1, False)
    assert [view.label(i) for i in range(2)] == ["V [mV]", "level [m]"]
