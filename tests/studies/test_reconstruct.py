"""The door of Python: what goes in, what is refused, what is done again."""

import inspect
import os
import shutil
import signal
import time
from dataclasses import fields

import numpy as np
import pytest

import sparsernn
from sparsernn import DataError, Interrupted, Model, SpecError, StoreError
from sparsernn.files.reading import Reading
from sparsernn.runs.record import Record
from sparsernn.studies.recording import Wish
from sparsernn.training import side_by_side

from .conftest import QUICK, orbit


def test_five_lines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", orbit())
    history = orbit()[-40:]
    model = sparsernn.reconstruct(np.load("x.npy"), dt=0.01, density=0.25, seed=0, out="my-run", **QUICK)
    free = model.free_run(10_000)
    ahead = model.forecast(history, 50)
    model.report("page.html")
    again = sparsernn.Model.load("my-run")
    assert free.shape == (10_000, 2)
    assert ahead.shape == (50, 2)
    assert free.dtype == ahead.dtype == np.float64
    assert 0 <= model.numbers["d_stsp"] <= model.numbers["d_stsp_ceiling"] + 1e-9
    assert model.verdict.grade in ("excellent", "good", "partial", "failed", "undecidable")
    assert "<html" in (tmp_path / "page.html").read_text(encoding="utf-8")
    np.testing.assert_array_equal(again.free_run(10_000), free)
    assert again.numbers == model.numbers


def test_the_same_call_returns_at_once_with_the_same(made):
    model, out = made
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*.safetensors")}
    began = time.perf_counter()
    again = sparsernn.reconstruct(orbit(), dt=0.1, names=["x", "y"], out=out, **QUICK)
    assert time.perf_counter() - began < 10  # training alone takes longer
    assert again.record.directory == model.record.directory
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*.safetensors")} == before


@pytest.mark.parametrize(
    "change",
    [
        {"data": orbit() + 1e-9},
        {"data": orbit()[:-1]},
        {"dt": 0.2},
        {"names": ["x", "z"]},
        {"data": [orbit()[:450], orbit()[450:]]},
    ],
    ids=["values", "rows", "dt", "names", "trials"],
)
def test_other_data_in_the_same_place_are_refused(made, change):
    _, out = made
    given = {"data": orbit(), "dt": 0.1, "names": ["x", "y"]} | change
    with pytest.raises(StoreError, match="another recording"):
        sparsernn.reconstruct(given.pop("data"), out=out, **given, **QUICK)


@pytest.mark.parametrize("damage", ["removed", "cut"])
def test_the_kept_recording_is_written_again_where_it_is_lost(made, tmp_path, damage):
    model, out = made
    copy = tmp_path / "copy"
    shutil.copytree(out, copy)
    path = copy / "recording.safetensors"
    whole = path.read_bytes()
    path.unlink() if damage == "removed" else path.write_bytes(whole[: len(whole) // 2])
    again = sparsernn.reconstruct(orbit(), dt=0.1, names=["x", "y"], out=copy, **QUICK)
    assert again.record.identity == model.record.identity
    assert path.read_bytes() == whole


def test_another_file_in_the_same_place_is_refused(made, tmp_path):
    model, out = made
    np.save(tmp_path / "other.npy", orbit() + 1)
    with pytest.raises(StoreError, match="another recording"):
        sparsernn.reconstruct(tmp_path / "other.npy", out=out, **QUICK)
    assert Model.load(out).name == model.name


def test_data_that_changed_in_their_file_are_read_again(tmp_path, planned):
    """In one process: nothing of the first call's data may be left."""
    path = tmp_path / "x.npy"
    np.save(path, orbit())
    (first,) = planned(path, density=1)
    before = first.task.content_hash()
    np.save(path, orbit() + 1)
    (second,) = planned(path, density=1)
    assert second.task == first.task
    assert second.task.content_hash() != before


def test_the_same_recording_may_be_prepared_in_other_ways(made, planned):
    _, out = made
    (spec,) = planned(orbit(), dt=0.1, names=["x", "y"], out=out, smooth=1.5, density=1)
    assert spec.task.smooth == 1.5


def test_a_result_that_was_moved_goes_on_where_it_is(made, planned, tmp_path):
    shutil.copytree(made[1], tmp_path / "moved")
    given = {"dt": 0.1, "names": ["x", "y"], "out": tmp_path / "moved"}
    assert len(planned(orbit(), **given, smooth=1.5, density=1)) == 1
    assert len(planned(orbit(), **given, density=1)) == 1


def test_what_is_something_else_is_not_written_over(tmp_path):
    (tmp_path / "thesis.txt").write_text("years")
    with pytest.raises(StoreError, match="something else"):
        sparsernn.reconstruct(orbit(), out=tmp_path, **QUICK)
    with pytest.raises(StoreError, match="is a file"):
        sparsernn.reconstruct(orbit(), out=tmp_path / "thesis.txt", **QUICK)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_is_refused_leaves_no_directory(tmp_path):
    for data, wish in ((orbit()[:50], {}), (orbit(), {"density": 2}), (np.full((400, 2), np.nan), {})):
        with pytest.raises((DataError, SpecError)):
            sparsernn.reconstruct(data, out=tmp_path / "new", **QUICK | wish)
    assert list(tmp_path.iterdir()) == []


def test_unknown_keywords_are_answered_with_the_nearest(tmp_path):
    with pytest.raises(SpecError) as caught:
        sparsernn.reconstruct(orbit(), epohs=3, learningrate=1, dnsity=1, out=tmp_path / "new")
    said = str(caught.value)
    for close in ("epochs", "learning_rate", "density"):
        assert f'did you mean "{close}"?' in said
    with pytest.raises(SpecError, match="criteria"):
        sparsernn.reconstruct(orbit(), criterion="magnitude")


def test_values_are_checked_all_at_once_and_named_as_keywords(tmp_path):
    with pytest.raises(SpecError) as caught:
        sparsernn.reconstruct(orbit(), epochs="many", hidden=[1], density="half", out=tmp_path / "new")
    assert len(caught.value.problems) == 3
    with pytest.raises(SpecError) as caught:
        sparsernn.reconstruct(orbit(), density=2, rounds=0, interval=2, alpha=0.5, out=tmp_path / "new")
    assert len(caught.value.problems) == 3
    assert "--" not in str(caught.value)
    with pytest.raises(SpecError, match="give one of them"):
        sparsernn.reconstruct(orbit(), reading=Reading(gaps="cut"), gaps="cut", out=tmp_path / "new")
    with pytest.raises(SpecError, match="names"):
        sparsernn.reconstruct("x.npy", names=["a"], out=tmp_path / "new")
    with pytest.raises(SpecError, match="lorenz63"):
        sparsernn.reconstruct("lorenz", out=tmp_path / "new")
    with pytest.raises(DataError, match=r"nowhere\.npy"):
        sparsernn.reconstruct("nowhere.npy", out=tmp_path / "new")
    with pytest.raises(SpecError) as caught:
        sparsernn.reconstruct(orbit(), seed=-1, workers=0, epochs="many", out=5)
    assert [problem.split()[0].strip(":") for problem in caught.value.problems] == ["seed", "workers", "out", "epochs"]
    for seed in ("0", 1.5, True, None):
        with pytest.raises(SpecError, match="seed"):
            sparsernn.reconstruct(orbit(), seed=seed, out=tmp_path / "new", **QUICK)
    for nothing in (None, [], {}, "", "a.dir/b", np.array(["a"]), object()):
        with pytest.raises((SpecError, DataError)):
            sparsernn.reconstruct(nothing, out=tmp_path / "new", **QUICK)
    assert not (tmp_path / "new").exists()


def test_every_wish_is_a_keyword():
    shown = set(inspect.signature(sparsernn.reconstruct).parameters)
    assert {field.name for field in fields(Wish)} - {"source"} <= shown
    assert {field.name for field in fields(Reading)} <= shown


class Planned(Exception):
    """Raised instead of training."""


@pytest.fixture
def planned(monkeypatch, tmp_path):
    """The specs that a call would train."""

    def plan(data, **wish):
        found = []

        def note(wanted, *_):
            found.extend(wanted)
            raise Planned

        monkeypatch.setattr(side_by_side, "run_all", note)
        with pytest.raises(Planned):
            sparsernn.reconstruct(data, out=wish.pop("out", tmp_path / "out"), progress=False, **wish)
        return found

    return plan


def test_keywords_reach_the_spec(planned):
    (spec,) = planned(orbit(), dt=0.5, columns=[1], smooth=2.0, hidden=9, cell="rnn", epochs=7, density=1, lags="none")
    assert (spec.task.smooth, spec.network.cells[0].hidden, spec.epochs) == (2.0, 9, 7)
    recording = spec.task.load()
    assert (recording.dt, recording.names, type(spec.network.cells[0]).__name__) == (0.5, ("x1",), "RNN")


def test_seeds_begin_at_seed(planned):
    wanted = planned(orbit(), seed=5, seeds=2, criteria=["magnitude", "random"])
    assert [spec.seed for spec in wanted] == [5, 5, 6, 6]


def test_trials_frames_and_gaps(planned, tmp_path):
    pandas = pytest.importorskip("pandas")
    trials = [orbit()[100 * i : 100 * (i + 1)] for i in range(6)]
    for number, data in enumerate((trials, np.stack(trials))):
        (spec,) = planned(data, out=tmp_path / str(number), density=1, sequence=20)
        assert spec.task.load().starts["train"] == (0, 100, 200, 300)
    frame = pandas.DataFrame(orbit(), columns=["left", "right"], index=0.25 * np.arange(900))
    frame.index.name = "time"
    (spec,) = planned(frame, out=tmp_path / "frame", density=1)
    assert (spec.task.load().names, spec.task.load().dt) == (("left", "right"), 0.25)
    holes = orbit()
    holes[300:310, 0] = np.nan
    (spec,) = planned(holes, out=tmp_path / "holes", density=1, gaps="cut", sequence=20)
    assert spec.task.load().starts["train"] == (0, 300)


def test_files_are_read_where_they_lie(planned, tmp_path):
    np.save(tmp_path / "a.npy", orbit())
    np.save(tmp_path / "b.npy", orbit() + 1)
    (spec,) = planned(tmp_path / "a.npy", density=1)
    assert spec.task.file == str(tmp_path / "a.npy")
    (spec,) = planned([tmp_path / "a.npy", str(tmp_path / "b.npy")], density=1, out=tmp_path / "both")
    assert len(spec.task.load().starts["train"]) == 2
    (spec,) = planned("lorenz63", density=1, out=tmp_path / "lorenz")
    assert type(spec.task.system).__name__ == "Lorenz63"


def test_without_out_it_says_where_it_is(monkeypatch):
    seen = []
    monkeypatch.setattr(
        side_by_side, "run_all", lambda wanted, store, *_: seen.append(store) or (_ for _ in ()).throw(Planned)
    )
    with pytest.raises(Planned):
        sparsernn.reconstruct(orbit(), **QUICK)
    assert (seen[0].parent / "recording.safetensors").is_file()
    assert seen[0].parent.name.startswith("sparsernn-")


def test_an_interrupted_training_goes_on(tmp_path):
    """Ctrl-C in the middle of a training."""
    out = tmp_path / "run"
    asked = []

    def interrupt(what, done, of):
        if "training" in what and not asked:
            asked.append(os.kill(os.getpid(), signal.SIGINT))
            time.sleep(0.5)  # the training is in another thread than the handler of the signal

    quick = QUICK | {"progress": interrupt, "density": 1}
    with pytest.raises(Interrupted, match=r"out=.*run"):
        sparsernn.reconstruct(orbit(), out=out, **quick)
    assert Model.load(out).outcome.name == "interrupted"
    assert "interrupted" in repr(Model.load(out))
    whole = sparsernn.reconstruct(orbit(), out=out, **quick | {"progress": False})
    assert whole.outcome.name == "finished"


def test_progress_is_silent_when_asked(tmp_path, capsys):
    quick = QUICK | {"density": 1, "epochs": 1}
    sparsernn.reconstruct(orbit(), out=tmp_path / "run", **quick)
    assert capsys.readouterr() == ("", "")
    sparsernn.reconstruct(orbit(), out=tmp_path / "run", **quick | {"progress": None})
    assert "rows to train, validate, test" in capsys.readouterr().err


def test_a_training_that_diverges_is_told_not_raised(tmp_path):
    model = sparsernn.reconstruct(orbit(), out=tmp_path / "run", **QUICK | {"density": 1, "learning_rate": 1e30})
    assert model.outcome.name == "diverged"
    assert model.verdict.grade == "failed"
    assert "diverged" in repr(model)
    assert Record(model.record.directory).outcome == model.outcome
