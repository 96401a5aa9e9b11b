"""A network in hand: numbers, runs, forecasts, arrays, wiring; without its recording."""

import shutil

import networkx as nx
import numpy as np
import pytest

import sparsernn
from sparsernn import DataError, Model, SpecError, StoreError, Undefined
from sparsernn.studies.which import worth as worth_of

from .conftest import QUICK, orbit


def test_two_lines_say_what_it_is(made):
    model, _ = made
    first, second = repr(model).splitlines()
    for word in ("x, y", "dt 0.1", "plrnn", "6 units", "9 of 36 recurrent weights"):
        assert word in first
    assert second.startswith(f"{model.verdict.grade}: d_stsp ")
    assert "magnitude, round 1, seed 0" in second


def test_numbers_are_those_of_the_record(made):
    model, _ = made
    entry = next(e for e in model.record.measures().values() if "reconstruction" in e["measure"])
    assert {k: model.numbers[k] for k in entry["test"]} == entry["test"]
    assert "score/mse" in model.numbers
    assert isinstance(model.numbers["largest_exponent_true"], Undefined)
    assert model.verdict.reasons


def test_baselines_stand_beside_the_numbers(made):
    found = {row["name"]: row for row in made[0].baselines}
    assert {"mean", "persistence", "linear"} <= set(found)
    assert found["linear"]["d_stsp"] >= 0
    assert found["linear"]["parameters"] > 0
    assert not [key for key in made[0].numbers if "baselines" in key]


def test_baselines_have_a_row_each(made, monkeypatch):
    model = Model.load(made[1])
    known = {"baselines/mean/d_stsp": 3.0, "baselines/mean/seconds": 0.1, "baselines/linear/d_stsp": 1.0}
    monkeypatch.setattr(
        "sparsernn.studies.model.judged.numbers", lambda record, split: {"reconstruction/d_h": 0.5} | known
    )
    assert model.baselines == [
        {"name": "mean", "d_stsp": 3.0, "seconds": 0.1},
        {"name": "linear", "d_stsp": 1.0},
    ]
    assert model.numbers == {"d_h": 0.5}


def test_a_directory_moved_away_from_its_recording_gives_the_same(made, tmp_path):
    model, out = made
    moved = tmp_path / "elsewhere"
    shutil.copytree(out, moved)
    (moved / "recording.safetensors").unlink()
    for place in (moved, moved / "runs", moved / "runs" / model.record.directory.name):
        found = Model.load(place)
        np.testing.assert_array_equal(found.free_run(20), model.free_run(20))
        np.testing.assert_array_equal(found.forecast(orbit(), 5), model.forecast(orbit(), 5))
        assert found.numbers == model.numbers
        assert found.columns == ("x", "y")
        assert "elsewhere" not in found.name
    assert Model.load(moved).report(tmp_path / "page.html").is_file()


def test_the_units_are_the_datas(made):
    """Standardized rows lie around 0; the columns' own means are 3 and 0, their sizes 1 and 10."""
    model, _ = made
    row = np.array([3.5, -7.0])
    state = model.init_state(row[None])
    np.testing.assert_allclose(model.read(state), row, rtol=1e-5)
    arrays, _ = model.record.prepared()
    np.testing.assert_allclose(state[:2], (row - arrays["mean"]) / arrays["scale"], rtol=1e-5)


def test_free_runs_begin_where_asked(made):
    model, _ = made
    np.testing.assert_array_equal(model.free_run(4), model.free_run(4, start=0))
    assert not np.allclose(model.free_run(4, start=30), model.free_run(4))
    history = orbit()[:200]
    for start in (history, history[-1], history[-1].tolist(), history[-1:].astype(np.float32).astype(float)):
        np.testing.assert_allclose(model.free_run(4, start=start), model.forecast(history, 4), rtol=1e-5)
    test = model.record.prepared()[0]["test"]
    with pytest.raises(SpecError, match=f"{len(test) - 1}"):
        model.free_run(3, start=len(test))
    for wrong in (0, -1, 2.5, "3", None):
        with pytest.raises(SpecError, match="steps"):
            model.free_run(wrong)
    with pytest.raises(SpecError, match="start"):
        model.free_run(3, start=True)


def test_histories_that_do_not_fit_are_refused_with_the_number_needed(made, lagged):
    model, _ = made
    holes = orbit()
    holes[-1, 1] = np.nan  # rows further back do not matter here
    for wrong, said in (
        (np.ones((20, 3)), r"\(rows, 2\)"),
        (np.ones((2, 20, 2)), r"\(rows, 2\)"),
        (np.ones(5), r"\(rows, 2\)"),
        (holes, "row 899, column y"),
        (np.ones((9, 2)) + 1j, "complex"),
        ([["a", "b"]], "expected numbers"),
        ([[1.0, 2.0], [3.0]], "rows of equal length"),
        (np.empty((0, 2)), "last 1 rows"),
    ):
        with pytest.raises(DataError, match=said):
            model.forecast(wrong, 3)
        with pytest.raises(DataError, match=said):
            model.free_run(3, start=wrong)
    assert lagged.rows_needed == 16
    with pytest.raises(DataError, match="last 16 rows"):
        lagged.forecast(orbit()[-15:, 1], 3)
    assert lagged.forecast(orbit()[-16:, 1], 3).shape == (3, 1)


def test_a_history_is_never_read_below_its_mask(made):
    hidden = np.ma.masked_array(orbit(), mask=np.zeros(orbit().shape, bool))
    hidden[-1, 1] = np.ma.masked
    for history in (hidden, {"x": hidden[:, 0], "y": hidden[:, 1]}):
        with pytest.raises(DataError, match=r"not finite in row .*, column y"):
            made[0].forecast(history, 3)
    with pytest.raises(DataError, match="not finite"):
        made[0].free_run(3, start=hidden[-1])


@pytest.mark.parametrize("directory", [None, 5, "x" * 5000])
def test_what_is_no_directory(directory):
    with pytest.raises((SpecError, StoreError), match=r"is a path|cannot be read"):
        Model.load(directory)


def test_histories_are_matched_by_name(made, tmp_path):
    pandas = pytest.importorskip("pandas")
    model, _ = made
    wanted = model.forecast(orbit(), 3)
    turned = pandas.DataFrame({"more": 1.0, "y": orbit()[:, 1], "x": orbit()[:, 0]})
    np.testing.assert_array_equal(model.forecast(turned, 3), wanted)
    np.testing.assert_array_equal(model.forecast({"y": orbit()[:, 1], "x": orbit()[:, 0]}, 3), wanted)
    turned[["y", "x"]].to_csv(tmp_path / "turned.csv", index=False)
    np.testing.assert_allclose(model.forecast(tmp_path / "turned.csv", 3), wanted, rtol=1e-5)
    with pytest.raises(DataError, match="no column y"):
        model.forecast(turned[["x", "more"]], 3)


def test_one_column_in_one_column_out(lagged):
    assert lagged.columns == ("x0",)
    assert lagged.free_run(9).shape == (9, 1)
    every = lagged.free_run(9, embedded=True)
    assert every.shape == (9, 3)
    np.testing.assert_array_equal(lagged.free_run(9)[:, 0], every[:, 0])
    assert lagged.forecast(orbit()[:, 1], 9).shape == (9, 1)
    assert lagged.read(lagged.init_state(), embedded=True).shape == (3,)
    assert len(lagged.units) in (0, 1)


def test_steps_are_those_of_a_free_run(made, lagged):
    for model in (made[0], lagged):
        state, rows = model.init_state(5), []
        for _ in range(10):
            state = model.step(state)
            rows.append(model.read(state))
        np.testing.assert_allclose(rows, model.free_run(10, start=5), rtol=1e-4, atol=1e-4)
        both = model.step(np.stack([state, 2 * state]))
        assert both.shape == (2, len(state))
        np.testing.assert_allclose(both[0], model.step(state), rtol=1e-5, atol=1e-6)
        with pytest.raises(DataError, match="init_state"):
            model.step(np.ones(3))


def test_weights_masks_and_graph_tell_the_same(made):
    model, _ = made
    weights, masks = model.weights(), model.masks()
    assert set(weights) == {"cell0/diagonal", "cell0/recurrent", "cell0/bias", "cell0/initial"}
    assert set(masks) == {"cell0/recurrent"}
    assert masks["cell0/recurrent"].sum() == 9
    assert not weights["cell0/recurrent"][~masks["cell0/recurrent"]].any()
    graph = model.graph()
    assert isinstance(graph, nx.DiGraph)
    back = nx.to_numpy_array(graph, nodelist=range(6))  # [source, target]
    np.testing.assert_array_equal(back.T, weights["cell0/recurrent"][0].astype(float))
    assert [graph.nodes[u]["name"] for u in graph] == ["x", "y", "", "", "", ""]
    assert [graph.nodes[u]["observed"] for u in graph] == [True, True, False, False, False, False]
    weights["cell0/recurrent"][:] = 0
    assert model.weights()["cell0/recurrent"].any()
    assert model.dense.masks()["cell0/recurrent"].all()


def test_rounds_lead_back_to_the_dense_network(made):
    model, _ = made
    assert [m.name for m in model.rounds] == ["dense, seed 0", "magnitude, round 1, seed 0"]
    assert model.rounds[-1] is model
    assert model.dense.graph().number_of_edges() == 36
    assert model.dense.free_run(3).shape == (3, 2)


def test_a_round_copied_alone_runs_and_says_what_it_lacks(made, tmp_path):
    model, _ = made
    alone = tmp_path / model.record.directory.name
    shutil.copytree(model.record.directory, alone)
    copy = Model.load(alone)
    np.testing.assert_array_equal(copy.free_run(5), model.free_run(5))
    assert copy.rounds == (copy,)
    with pytest.raises(StoreError, match=model.dense.record.directory.name):
        copy.dense  # noqa: B018
    assert copy.report(tmp_path / "page.html").is_file()


def test_of_several_one_is_taken_and_said(tmp_path, monkeypatch):
    quick = QUICK | {"criteria": ["magnitude", "random"], "epochs": 1}
    sparsernn.reconstruct(orbit(), out=tmp_path / "run", **quick)
    known = {name: Model.load(tmp_path / "run", which=name) for name in ("magnitude", "random")}
    for name, model in known.items():
        assert model.name == f"{name}, round 1, seed 0"
        entry = next(e for e in model.record.measures().values() if "reconstruction" in e["measure"])
        assert worth_of(model.record) == entry["validation"]["d_stsp"]
    for best in known:
        worth = {model.record.identity: 0.0 if name == best else 1.0 for name, model in known.items()}
        monkeypatch.setattr("sparsernn.studies.which.worth", lambda record, worth=worth: worth[record.identity])
        assert Model.load(tmp_path / "run").name == f"{best}, round 1, seed 0"
        again = sparsernn.reconstruct(orbit(), out=tmp_path / "run", **quick)
        assert again.name == f"{best}, round 1, seed 0"
    other = known["random"].record.identity
    assert Model.load(tmp_path / "run", which=other[:12]).record.identity == other
    with pytest.raises(SpecError, match="magnitude, round 1, seed 0; random, round 1, seed 0"):
        Model.load(tmp_path / "run", which="geometric")


def test_what_is_no_reconstruction_is_refused(tmp_path):
    with pytest.raises(StoreError, match="no runs"):
        Model.load(tmp_path)
    with pytest.raises(StoreError, match="no runs"):
        Model.load(tmp_path / "nowhere")
    spec = {"task": {"adding": {"length": 5}}, "network": {"rnn": {"hidden": 3}}, "epochs": 1, "updates_per_epoch": 1}
    record = sparsernn.run(sparsernn.read_spec(spec), tmp_path / "runs")
    for place in (tmp_path, record.directory):
        with pytest.raises(SpecError, match="no reconstruction"):
            Model.load(place)
