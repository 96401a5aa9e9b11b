"""Each figure: its numbers against what is known on paper, then drawn in both ways."""

import json

import numpy as np
import pytest
from scipy.stats import spearmanr

from sparsernn.connectome import Connectome
from sparsernn.dynamics.time_scale import first_lag
from sparsernn.errors import Undefined
from sparsernn.measures.reconstruction import ReconstructionQuality
from sparsernn.measures.reliability import correlations
from sparsernn.quantity import Quantity
from sparsernn.report.figures import (
    attractor,
    curves,
    degrees,
    graph,
    history,
    importance,
    mask,
    overlay,
    power_spectrum,
    style,
    watch,
)
from sparsernn.report.spread import spread
from sparsernn.report.subject import Matrix, Signals, Subject
from sparsernn.runs.outcome import Outcome

PNG = b"\x89PNG\r\n\x1a\n"


def signals(data, model=None, names=None, dt=0.01):
    model = data if model is None else model
    names = names or tuple(f"x{i}" for i in range(data.shape[1]))
    return Signals(data, model, names, "sd", dt, "s", "Hz")


def sines(columns, rows=4000, period=100):
    t = np.arange(rows)
    return np.stack([np.sin(2 * np.pi * t / period * (i + 1)) for i in range(columns)], axis=1)


def check(module, numbers, path):
    """Both drawings come out; the plotly one is valid JSON without NaN."""
    json.loads(module.draw(numbers).to_json(), parse_constant=lambda text: pytest.fail(text))
    module.picture(numbers, path / "figure.png")
    data = (path / "figure.png").read_bytes()
    assert data.startswith(PNG)
    assert len(data) > 5_000
    assert [p.name for p in path.iterdir()] == ["figure.png"]


# ------------------------------------------------------------------------------------------------------------- signals


@pytest.mark.parametrize(("columns", "dim"), [(2, 2), (3, 3), (5, 3)])
def test_attractor_of_several_columns(columns, dim, tmp_path):
    found = attractor.numbers(signals(sines(columns)), points=500)
    np.testing.assert_array_equal(found.data, sines(columns)[:500, :dim])
    assert found.how == ("all columns" if columns == dim else "the first three of 5 columns")
    check(attractor, found, tmp_path)


def test_attractor_of_one_column_is_a_delay_plot(tmp_path):
    x = sines(1)
    # the autocorrelation of a sine is cos(2 pi lag / 100): at most 1/e from lag 19.04 on
    assert first_lag(x[:, 0]) == pytest.approx(19.04, abs=1)
    found = attractor.numbers(signals(x), points=500)
    lag = first_lag(x[:, 0])
    np.testing.assert_array_equal(found.data[:, 1], x[: 500 - lag, 0])
    check(attractor, found, tmp_path)


def test_attractor_of_a_run_that_overflows(tmp_path):
    model = sines(3)
    model[10:] = np.inf
    found = attractor.numbers(signals(sines(3), model))
    assert len(found.model) == 10
    check(attractor, found, tmp_path)
    assert isinstance(attractor.numbers(signals(sines(3), np.full((4000, 3), np.nan))), Undefined)


def test_a_run_that_stands_still_is_seen(tmp_path):
    model = np.ones((4000, 3)) * 0.2
    model[:100] = sines(3)[:100]
    found = attractor.numbers(signals(sines(3), model))
    assert attractor.stands_still(found)
    assert not attractor.stands_still(attractor.numbers(signals(sines(3))))
    assert "stands still" in attractor.draw(found).layout.annotations[1].text
    check(attractor, found, tmp_path)


def test_overlay_shows_fifteen_cycles(tmp_path):
    found = overlay.numbers(signals(sines(7)))
    assert len(found.time) == pytest.approx(15 * 100, rel=0.02)
    assert found.time[1] == 0.01
    assert len(found.names) == 6
    assert found.columns == 7
    check(overlay, found, tmp_path)


def test_spectra_peak_at_the_frequency_of_a_sine(tmp_path):
    found = power_spectrum.numbers(signals(sines(2), dt=0.01))
    assert found.frequency[np.argmax(found.data[:, 0])] == pytest.approx(1.0, abs=found.bandwidth)
    assert found.frequency[np.argmax(found.data[:, 1])] == pytest.approx(2.0, abs=found.bandwidth)
    assert found.bandwidth == pytest.approx(20 / 40.0)
    check(power_spectrum, found, tmp_path)


def test_spectra_say_which_column_has_none(tmp_path):
    model = sines(2)
    model[:, 1] = 1.0
    found = power_spectrum.numbers(signals(sines(2), model))
    assert np.isnan(found.model[:, 1]).all()
    assert np.isfinite(found.model[:, 0]).all()
    assert found.undefined == ("network: dimension 1 is constant",)
    check(power_spectrum, found, tmp_path)


def test_foreign_names_are_shown_letter_by_letter(tmp_path):
    names = ("<b>x</b><script>", r"$\frac{$ and \alpha", "a" * 90)
    source = signals(sines(3), names=names)
    for i, (module, found) in enumerate(
        [
            (attractor, attractor.numbers(source)),
            (overlay, overlay.numbers(source)),
            (power_spectrum, power_spectrum.numbers(source)),
        ]
    ):
        (tmp_path / str(i)).mkdir()
        check(module, found, tmp_path / str(i))
        assert "<script>" not in module.draw(found).to_json()


# -------------------------------------------------------------------------------------------------------------- curves


def test_curves_hold_means_over_seeds(pruned, tmp_path):
    found = curves.numbers(pruned)
    assert [p.quantity.name for p in found.panels] == ["D_stsp", "D_H", "prediction error"] or (
        [p.quantity.name for p in found.panels] == ["D_stsp", "prediction error"]  # D_H of runs that stand still
    )
    geometric, magnitude = found.panels[0].curves
    assert geometric.remaining == magnitude.remaining == (64.0, 32.0, 16.0)
    assert geometric.spreads[0] == magnitude.spreads[0]  # the shared first training
    values = [t.test["reconstruction/d_stsp"] for t in pruned.trainings if (t.label, t.round) == ("geometric", 1)]
    assert geometric.spreads[1].mean == pytest.approx(np.mean(values))
    assert found.panels[0].floors["floor"] < found.panels[0].ceilings["ceiling"]
    check(curves, found, tmp_path)


def test_trivial_predictors_are_lines(adding, tmp_path):
    found = curves.numbers(adding)
    mse, accuracy = found.panels
    assert list(accuracy.floors) == ["always answering 1"]
    assert list(mse.ceilings) == ["always answering 1"]
    check(curves, found, tmp_path)


@pytest.mark.filterwarnings("error::UserWarning")  # a layout that collapses
def test_floor_and_ceiling_above_all_values_are_inside_a_picture(monkeypatch, tmp_path):
    quantity = ReconstructionQuality.quantities[0]
    curve = curves.Curve("random", (2500.0, 1250.0), (spread([3.83]), spread([3.88])))
    panel = curves.CurvePanel(quantity, (curve,), {"floor": 14.47}, {"ceiling": 14.29}, False)
    drawn = []
    save = style.save
    monkeypatch.setattr(style, "save", lambda made, path: (drawn.append(made), save(made, path)))
    check(curves, curves.Curves((panel, panel), 2500), tmp_path)
    low, high = drawn[0].axes[0].get_ylim()
    assert low == 0
    assert high > 14.47


def test_ticks_that_would_touch_are_left_out():
    assert style.log_ticks([900, 450, 440, 113]) == [900, 450, 113]


# -------------------------------------------------------------------------------------------------------------- wiring


def star(n=20):
    """Unit 0 sends to all others and hears from none; one self-connection at unit 3. [target, source]."""
    weights = np.zeros((n, n))
    weights[1:, 0] = np.linspace(1, -1, n - 1)
    weights[weights == 0] = 0.0
    weights[1:, 0][weights[1:, 0] == 0] = 0.5
    weights[3, 3] = 2.0
    return Connectome(weights, None, None, "a star")


def test_mask_in_both_orders(tmp_path):
    matrix = Matrix("cell0/recurrent", None, star().weights, True)
    found = mask.numbers((matrix,))
    stored, ordered = found.panels
    assert (stored.ones, stored.size, stored.pooled) == (20, 400, 1)
    np.testing.assert_array_equal(np.nan_to_num(stored.weights), matrix.weights)
    assert np.isfinite(ordered.weights[1:, 0]).all()  # the hub comes first
    assert np.isfinite(ordered.weights[1, 1])  # then the unit that also hears itself
    check(mask, found, tmp_path)


def test_large_matrices_are_pooled_by_the_strongest_weight():
    weights = np.zeros((5, 4))
    weights[0, 1], weights[1, 0], weights[4, 3] = 0.5, -2.0, 1.0
    np.testing.assert_array_equal(mask.pool(weights, 2), [[-2.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    found = mask.numbers((Matrix("cell0/recurrent", 2, np.eye(400), True),), order="index")
    assert found.panels[0].pooled == 3
    assert found.panels[0].weights.shape == (134, 134)
    assert found.panels[0].title == "cell0/recurrent, gate 2"


def test_mask_shows_recurrent_gates_first_and_counts_the_rest(tmp_path):
    rng = np.random.default_rng(0)
    matrices = [Matrix("cell0/input", g, rng.normal(size=(6, 2)), True) for g in range(4)]
    matrices += [Matrix("cell0/recurrent", g, rng.normal(size=(6, 6)), True) for g in range(4)]
    found = mask.numbers(tuple(matrices))
    assert [p.title for p in found.panels[:4]] == [f"cell0/recurrent, gate {g}" for g in range(4)]
    assert (len(found.panels), found.matrices) == (6, 8)
    check(mask, found, tmp_path)


def test_graph_of_a_star(tmp_path):
    found = graph.numbers(star(), observed=2)
    assert found.total == 20
    assert found.loops == 1
    assert (found.outgoing[0], found.incoming[0]) == (19, 0)
    assert (found.edges[:, 0] == 0).all()  # [source, target]
    assert len(found.edges) == 19
    assert abs(found.weights[0]) == np.abs(found.weights).max()
    assert found.layout == "springs"
    np.testing.assert_array_equal(found.places, graph.numbers(star()).places)
    check(graph, found, tmp_path)


def test_graph_draws_the_strongest_connections_only():
    weights = np.random.default_rng(0).normal(size=(40, 40))
    found = graph.numbers(Connectome(weights, None, None, "dense"), most=50)
    kept = np.sort(np.abs(weights[~np.eye(40, dtype=bool)]))[-50:]
    np.testing.assert_allclose(np.sort(np.abs(found.weights)), kept)
    assert (found.total, found.loops, found.layout) == (1600, 40, "circle")
    assert (found.outgoing == 40).all()


def test_connections_bend_to_one_side():
    found = graph.numbers(Connectome(np.array([[0, 1.0], [1.0, 0]]), None, None, "pair"))
    there, back = graph.bends(found)
    np.testing.assert_allclose(there[0], back[-1])
    middle = (found.places[0] + found.places[1]) / 2
    np.testing.assert_allclose(there[4] - middle, -(back[4] - middle))
    assert np.linalg.norm(there[4] - middle) > 0.01


def test_a_graph_without_connections_and_one_too_large(tmp_path):
    check(graph, graph.numbers(Connectome(np.zeros((5, 5)), None, None, "empty")), tmp_path)
    assert isinstance(graph.numbers(Connectome(np.zeros((500, 500)), None, None, "large")), Undefined)
    assert graph.numbers(Undefined("no matrix")) == "no matrix"


def test_degrees_of_a_star(tmp_path):
    drawn = degrees.numbers(star())
    found = drawn.tails
    assert found.outgoing[0] == 1.0
    assert found.outgoing[1] == 2 / 20  # the hub and the unit that hears itself
    assert found.outgoing[2] == found.outgoing[19] == 1 / 20
    assert found.incoming[1] == 19 / 20
    # in a random graph one unit's connections sum to the same mean: sum over k >= 1 of P(degree >= k) = 20/20
    assert found.out_null[1:].sum() == pytest.approx(1.0)
    assert found.in_null[1:].sum() == pytest.approx(1.0)
    assert found.out_null[19] == 0
    check(degrees, drawn, tmp_path)
    assert isinstance(degrees.numbers(Connectome(np.zeros((4, 4)), None, None, "")), Undefined)


# ------------------------------------------------------------------------------------------------------------ training


def test_history_of_a_run(pruned, tmp_path):
    record = pruned.lines[0].trainings[1].record
    found = history.numbers(record)
    panels = {p.title: p for p in found.panels}
    np.testing.assert_array_equal(panels["loss"].epochs, [1, 2, 3, 4])
    np.testing.assert_array_equal(panels["loss"].values, record.history()["loss"])
    assert "weights left" not in panels  # constant between rounds
    best = panels["d_stsp, validation"]
    assert found.chosen == best.epochs[np.argmin(best.values)]
    check(history, found, tmp_path)


def test_history_before_the_first_epoch(tmp_path, pruned):
    record = pruned.lines[0].trainings[0].record

    class Fresh:
        directory = tmp_path

        def history(self):
            return {}

    assert isinstance(history.numbers(Fresh()), Undefined)
    assert not isinstance(history.numbers(record), Undefined)


class WatchedNumbers:
    """A record of which only what was watched matters."""

    outcome = Outcome("finished", 0, "", 3)

    def __init__(self, **columns):
        self.columns = {"epoch": np.arange(4.0)} | {k: np.asarray(v, float) for k, v in columns.items()}

    def watched(self):
        return dict(self.columns)


def test_what_was_watched(tmp_path):
    """Nulls lie behind their number, what never changes is left out, holes are no zeros, twelve at most."""
    many = {f"m/{i:02}": [0, 1, 2, i] for i in range(13)}
    found = watch.numbers(
        WatchedNumbers(
            **{"hubs/gini": [0.1, 0.2, np.nan, 0.4], "hubs/gini_null_mean": [0.1, 0.1, 0.2, 0.2]},
            **{
                "hubs/gini_null_sd": [0.01, 0.01, 0.01, 0.01],
                "hubs/edges": [8, 8, 8, 8],
                "d": [1000, 100, 10, 1],
                **many,
            },
        )
    )
    gini, falling, *rest = found.panels
    assert (gini.title, falling.title, len(rest)) == ("hubs/gini", "d", 10)
    np.testing.assert_array_equal(gini.epochs, [0, 1, 3])
    np.testing.assert_array_equal(gini.null[0], [0.1, 0.1, 0.2])
    assert falling.log
    assert not gini.log
    assert (found.left_out, found.more, found.chosen) == (1, 3, 3)
    assert "1 numbers never changed. 12 of 15 numbers that changed are drawn; 3 more" in watch.caption(found)
    check(watch, found, tmp_path)
    assert isinstance(watch.numbers(WatchedNumbers(**{"hubs/edges": [8, 8, 8, 8]})), Undefined)


def test_what_was_watched_has_its_floor_behind_it(tmp_path):
    """The floor is no panel of its own, also where it moves; without its quantity nothing says what it is."""
    numbers = WatchedNumbers(**{"mine/x": [4.0, 3.0, 2.0, 1.5], "mine/least": [1.0, 0.5, 1.0, 1.0]})
    found = watch.numbers(
        numbers, [Quantity("mine/x", "lower", floor="mine/least"), Quantity("mine/y", floor="mine/z")]
    )
    assert [panel.title for panel in found.panels] == ["mine/x"]
    assert found.panels[0].floor.tolist() == [1.0, 0.5, 1.0, 1.0]
    assert "Dashed: the floor." in watch.caption(found)
    assert [line.line.dash for line in watch.draw(found).data] == ["dash", None]
    check(watch, found, tmp_path)
    assert [panel.title for panel in watch.numbers(numbers).panels] == ["mine/x", "mine/least"]


def test_importance_of_a_geometric_round(pruned, tmp_path):
    line = pruned.lines[0]
    assert line.label == "geometric"
    before, after = line.trainings[0], line.trainings[1]
    (found,) = importance.numbers(after.record)
    assert len(found.size) == 64
    assert found.starts == 2
    assert found.kept.sum() == after.remaining
    weights = np.abs(before.record.weights()["cell0"]["recurrent"]).ravel()
    np.testing.assert_allclose(np.sort(found.size), np.sort(weights))
    # geometric pruning removes the lowest mean absolute harm
    increase = np.abs(after.record.importance()["cell0/recurrent:increase"]).mean(axis=1)
    assert increase[~found.kept].max() <= increase[found.kept].min()
    assert all(isinstance(s, str) for s in importance.sentences(found))
    check(importance, found, tmp_path)
    assert importance.numbers(before.record) == []


def test_importance_correlations_on_paper():
    size = np.arange(1.0, 41.0)
    increase = np.stack([size, size, size**2, size**2], axis=1)  # same ranks in every start
    found = correlations(size, increase, signed=True)
    assert (found.rank, found.reliability, found.corrected) == pytest.approx((1.0, 1.0, 1.0))
    against = correlations(size, -increase, signed=True)
    assert against.rank == pytest.approx(-1.0)
    assert correlations(size, -increase, signed=False).rank == pytest.approx(1.0)
    lone = correlations(size, increase[:, :1], signed=True)
    assert lone.rank == pytest.approx(1.0)
    assert isinstance(lone.reliability, Undefined)
    disagreeing = correlations(size, np.stack([size, size[::-1]], axis=1), signed=True)
    assert isinstance(disagreeing.corrected, Undefined)


def test_correction_for_noise_finds_the_true_correlation():
    rng = np.random.default_rng(0)
    size = rng.normal(size=5_000)
    truth = 0.6 * size + 0.8 * rng.normal(size=5_000)
    found = correlations(size, truth[:, None] + rng.normal(size=(5_000, 4)), signed=True)
    true_rank = 6 / np.pi * np.arcsin(0.6 / 2)  # rank correlation of two normal variables that correlate by .6
    assert found.rank < true_rank - 0.03
    assert found.corrected == pytest.approx(true_rank, abs=0.04)


def test_the_absolute_score_is_that_of_the_mean_not_the_mean_of_absolutes():
    """Noise that differs between weights which do not matter must not pass for a repeatable score."""
    rng = np.random.default_rng(1)
    noise = rng.lognormal(0, 1, size=(3_000, 1)) * rng.normal(size=(3_000, 8))
    size = rng.normal(size=3_000)
    assert abs(correlations(size, noise, signed=True).reliability) < 0.1
    of_means = correlations(size, noise, signed=False).reliability
    halves = np.abs(noise[:, :4]).mean(axis=1), np.abs(noise[:, 4:]).mean(axis=1)
    between = spearmanr(*halves).statistic
    assert of_means < 2 * between / (1 + between) - 0.1


# ------------------------------------------------------------------------------------------------------------- subject


def test_subject_reads_names_units_and_observed_units(pruned):
    subject = Subject(pruned.lines[0].trainings[-1])
    assert subject.signals.names[0] == "<img src=x onerror=alert(1)>"
    assert (subject.signals.dt, subject.signals.time, subject.signals.unit) == (0.1, "s", "sd")
    assert subject.observed == 2
    assert [m.path for m in subject.matrices] == ["cell0/recurrent"]
    assert np.count_nonzero(subject.connectome.weights) == 16


def test_subject_of_a_task_without_recording(adding):
    subject = Subject(next(t for t in adding.trainings if t.outcome.name == "finished"))
    assert isinstance(subject.signals, Undefined)
    assert subject.observed == 0


def test_lines_break_between_stretches():
    """No line joins the end of one trial to the beginning of the next, and no spectrum is taken across."""
    from sparsernn.report.figures import attractor, overlay, power_spectrum
    from sparsernn.report.subject import Signals

    rng = np.random.default_rng(0)
    trials = [np.sin(2 * np.pi * (np.arange(100) / 20 + rng.random()))[:, None] for _ in range(12)]
    data = np.concatenate(trials) + 5 * np.repeat(np.arange(12) % 2, 100)[:, None] + 0.01 * rng.normal(size=(1200, 1))
    starts = tuple(range(0, 1200, 100))
    signals = Signals(data, data, ("x",), "sd", 0.1, "s", "Hz", starts)
    shown = overlay.numbers(signals)
    assert np.isnan(shown.data[100:300:100]).all()
    assert np.isfinite(np.delete(shown.data[:300], [100, 200])).all()
    for values in (data, np.hstack([data, data])):
        orbit = attractor.numbers(signals._replace(data=values, model=values, names=("x", "y")[: values.shape[1]]))
        jumps = np.abs(np.diff(orbit.data, axis=0))
        assert np.nanmax(jumps) < 2, "a jump between trials is 5"
        assert np.isnan(orbit.data).any()
    found = power_spectrum.numbers(signals)
    assert found.frequency[np.argmax(found.data[:, 0])] == pytest.approx(0.5, abs=0.1), "not the steps between trials"


def test_what_a_measure_leads_with_is_watched_first():
    class Kept:
        outcome = type("Ended", (), {"epoch": None})

        def watched(self):
            many = {f"hubs/n{i}": np.arange(4.0) * i for i in range(1, 20)}
            return {"epoch": np.arange(4.0), **many, "score/mse": np.array([4.0, 3.0, 2.0, 1.0])}

    found = watch.numbers(Kept(), [Quantity("score/mse", "lower")])
    assert [panel.title for panel in found.panels[:2]] == ["score/mse", "hubs/n1"]
    assert (len(found.panels), found.more) == (12, 8)
