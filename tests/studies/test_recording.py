"""From a wish to runs: what is chosen for the user, and what is refused before any work."""

import numpy as np
import pytest

from sparsernn.errors import DataError, SpecError
from sparsernn.studies.look import look
from sparsernn.studies.look_file import series_to_look_at
from sparsernn.studies.recording import Wish, specs


@pytest.fixture(scope="module")
def waves(tmp_path_factory):
    """Two columns with rhythms of 180 rows, and one of them alone."""
    time = np.arange(3_000)
    both = np.stack([np.sin(2 * np.pi * time / 180), np.cos(2 * np.pi * time / 180) ** 3], axis=1)
    folder = tmp_path_factory.mktemp("waves")
    np.save(folder / "both.npy", both)
    np.save(folder / "one.npy", both[:, 0] + 0.2 * np.sin(2 * np.pi * time / 37))
    return folder


def test_defaults_follow_the_data_and_are_said(waves):
    (spec,), notes = specs(Wish(str(waves / "both.npy"), density=1.0))
    assert spec.task.sequence == 180
    assert spec.network.cells[0].hidden == 50
    assert (spec.sparsifier, spec.rounds) == (None, None)
    assert "rows to train, validate, test: 1,800, 600, 600" in notes[0]
    assert notes[1] == "delay embedding: none"
    assert "sequences of 180 rows (a rhythm repeats every 180 rows)" in notes[2]


def test_what_does_not_repeat_is_learned_from_sequences_of_the_usual_length(tmp_path):
    steps = np.random.default_rng(0).normal(size=(6_000, 2))
    wander = np.empty_like(steps)
    wander[0] = steps[0]
    for t in range(1, len(steps)):  # a slow decay without rhythm
        wander[t] = 0.98 * wander[t - 1] + steps[t]
    np.save(tmp_path / "wander.npy", wander)
    (spec,), notes = specs(Wish(str(tmp_path / "wander.npy"), density=1.0))
    assert spec.task.sequence == 100
    assert "repeats" not in notes[2]


def test_an_electrocardiogram_is_known_by_its_leads(tmp_path):
    wfdb = pytest.importorskip("wfdb")
    time = np.arange(36_000) / 360
    beat = np.exp(-(((time % 0.8) - 0.4) ** 2) / 2e-4)
    signals = np.stack([beat + 0.3 * np.sin(time), 0.5 * beat], axis=1)
    given = {"fs": 360, "units": ["mV"] * 2, "fmt": ["16"] * 2, "write_dir": str(tmp_path)}
    wfdb.wrsamp("heart", sig_name=["MLII", "V5"], p_signal=signals, **given)
    wfdb.wrsamp("other", sig_name=["RESP", "V5"], p_signal=signals, **given)
    (spec,), notes = specs(Wish(str(tmp_path / "heart.hea"), density=1.0))
    assert (spec.task.columns, spec.task.detrend, spec.task.smooth, spec.task.every) == (("MLII",), 360.0, 3.0, 2)
    assert spec.task.lags is not None
    assert "electrocardiogram by its leads (MLII, V5): MLII is taken" in notes[0]
    (asked,), _ = specs(Wish(str(tmp_path / "heart"), density=1.0, columns=("V5",), every=1, detrend=0.0))
    assert (asked.task.columns, asked.task.detrend, asked.task.smooth, asked.task.every) == (("V5",), 0.0, 3.0, 1)
    (plain,), _ = specs(Wish(str(tmp_path / "other.hea"), density=1.0))
    assert (plain.task.columns, plain.task.detrend, plain.task.every) == (None, 0.0, 1)
    for name, alone in (("heart", True), ("other", False)):
        series, found = series_to_look_at(path := str(tmp_path / f"{name}.hea"))
        series = series._replace(values=series.values + 0.1 * np.random.default_rng(0).normal(size=signals.shape))
        looked = look(series, found=found, files=[path])
        assert ("--smooth" not in looked.command) == alone  # it would take the place of the smoothing that is known
        assert any("reconstruct takes MLII" in note for note in looked.series.notes) == alone


def test_a_smaller_network_is_not_advised_to_who_has_it(tmp_path):
    time = np.arange(700) * 0.2
    np.save(tmp_path / "short.npy", np.sin(time) + np.sin(np.sqrt(2) * time + np.sin(time / 3)))
    path = str(tmp_path / "short.npy")
    said = ["default network" in " ".join(specs(Wish(path, density=1.0, hidden=h))[1]) for h in (None, 20)]
    assert said == [True, False]
    np.save(tmp_path / "wide.npy", np.random.default_rng(0).normal(size=(700, 60)))
    wide = [" ".join(specs(Wish(str(tmp_path / "wide.npy"), density=1.0, hidden=h))[1]) for h in (None, 120)]
    assert ["--hidden 120" in text for text in wide] == [True, False]
    assert all("60 columns" in text for text in wide)


def test_a_wish_overrides_every_default(waves):
    wish = Wish(
        str(waves / "both.npy"), sequence=30, hidden=7, interval=5, epochs=3, columns=(1,), lags="none", cell="rnn"
    )
    (spec,), _ = specs(wish)
    assert (spec.task.sequence, spec.network.cells[0].hidden, spec.epochs) == (30, 7, 3)
    assert spec.forcing.interval == 5
    assert spec.task.outputs == 1
    assert spec.task.lags is None
    assert type(spec.network.cells[0]).__name__ == "RNN"


def test_a_single_column_is_embedded_and_the_method_named(waves):
    (spec,), notes = specs(Wish(str(waves / "one.npy"), density=1.0))
    assert spec.task.lags[0] == 0
    assert len(spec.task.lags) == spec.task.outputs > 1
    assert "false nearest neighbors" in notes[1]


def test_criteria_of_a_seed_differ_in_nothing_but_the_drop(waves):
    wish = Wish(str(waves / "both.npy"), density=0.25, rounds=2, criteria=("geometric", "random"), starts=3, seeds=2)
    runs, _ = specs(wish)
    assert [(type(r.sparsifier.drop).__name__, r.seed) for r in runs] == [
        ("Geometric", 0), ("RandomDrop", 0), ("Geometric", 1), ("RandomDrop", 1),
    ]  # fmt: skip
    assert runs[0].sparsifier.drop.starts == 3
    assert {(r.sparsifier.drop_fraction, r.rounds.count) for r in runs} == {(0.5, 2)}


def test_all_problems_of_a_wish_at_once(waves):
    wish = Wish(
        str(waves / "both.npy"), density=0, rounds=0, seeds=0, starts=0, interval=2, alpha=3.0, hidden=0, epochs=0
    )
    with pytest.raises(SpecError) as caught:
        specs(wish)
    said = "\n".join(caught.value.problems)
    for word in ("density", "rounds", "seeds", "starts", "interval", "alpha must lie", "hidden must", "epochs must"):
        assert word in said


def test_a_recording_shorter_than_a_sequence(tmp_path):
    np.save(tmp_path / "short.npy", np.random.default_rng(0).normal(size=(200, 2)))
    with pytest.raises(DataError, match="fewer than one training sequence"):
        specs(Wish(str(tmp_path / "short.npy")))


def test_noise_and_few_seeds_are_said_before_the_work(waves, tmp_path):
    clean = np.load(waves / "both.npy")
    np.save(tmp_path / "noisy.npy", clean + 0.1 * np.random.default_rng(0).normal(size=clean.shape))
    noisy = Wish(str(tmp_path / "noisy.npy"), criteria=("magnitude", "random"), seeds=3)
    _, notes = specs(noisy)
    assert any("noise on the recording is about" in note and "--smooth" in note for note in notes)
    assert any("with 3 seeds no difference can be called real" in note for note in notes)
    for quiet in (Wish(str(tmp_path / "noisy.npy"), smooth=2.0), Wish(str(waves / "both.npy"))):
        assert not any("noise on" in note or "with 3 seeds" in note for note in specs(quiet)[1])
