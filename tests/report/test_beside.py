"""Baselines as rows, as plain values, and in words; the figure of errors by horizon."""

from types import SimpleNamespace

import pytest

from sparsernn.errors import Undefined
from sparsernn.report import beside
from sparsernn.report.figures import horizons
from sparsernn.report.labels import task_names
from sparsernn.report.markup import table as view
from sparsernn.report.render import templates
from sparsernn.report.tables import Group
from sparsernn.runs.record import Outcome

PNG = b"\x89PNG\r\n\x1a\n"


def markup(given):
    """A table as HTML."""
    return str(templates().get_template("macros.html.j2").module.table(view(given)))


def training(**changed):
    test = {
        "reconstruction/d_stsp": 0.13,
        "reconstruction/d_stsp_floor": 0.106,
        "reconstruction/d_stsp_floor_sd": 0.01,
        "reconstruction/d_h": 0.05,
        "reconstruction/prediction_error": 0.01,
        "reconstruction/error_at_1": 1e-5,
        "reconstruction/error_at_10": 1e-3,
        "reconstruction/largest_exponent_true": 0.9,
    }
    for name, d_stsp in (("mean", 15.0), ("linear", 14.0), ("echo_state", 0.14), ("next_generation", 9.0)):
        numbers = {"d_stsp": d_stsp, "d_h": 0.1, "prediction_error": 0.5, "parameters": 12, "seconds": 4.4,
                   "error_at_1": 0.1, "error_at_10": 0.2, "collapsed": float(name in ("mean", "linear")),
                   "escaped": 0.0}  # fmt: skip
        test |= {f"baselines/{name}/{key}": value for key, value in numbers.items()}
    test |= changed.pop("test", {})
    record = SimpleNamespace(
        spec={"measures": changed.pop("measures", [{"reconstruction": {"starts": 4}}, "baselines"])},
        seconds=lambda on: 50.0,
        weights=lambda: {"cell0": {"recurrent": [[1.0, 0.0], [0.5, 2.0]]}},
    )
    outcome = Outcome("finished", 10, "")
    return SimpleNamespace(label="dense", seed=0, round=0, test=test, seconds=50.0, record=record, outcome=outcome)


def group(**test):
    return Group("dense", 0, (training(test={k.replace("__", "/"): v for k, v in test.items()}),))


def test_rows_and_plain_values():
    table = beside.table([group()], group().trainings)
    assert [row[0] for row in table.rows][:2] == ["network, dense", "the mean"]
    assert table.rows[0][4] == 3  # weights that are not 0
    assert type(table.rows[1][4]) is int
    entries = beside.as_dicts(group().trainings)
    assert [e["name"] for e in entries] == ["mean", "linear", "echo_state", "next_generation"]
    assert set(entries[0]) == {*beside.SCORES, "name", "error_at"}
    assert entries[2]["error_at"] == {"1": 0.1, "10": 0.2}
    assert type(entries[0]["parameters"]) is int
    assert beside.as_dicts([SimpleNamespace(test={})]) == []
    assert beside.table([group()], [SimpleNamespace(test={})]).rows == []


def test_errors_by_horizon_in_lyapunov_times():
    made = training()
    assert beside.lyapunov_steps(made, 0.01) == pytest.approx(1 / 0.009)
    assert beside.lyapunov_steps(made, None) is None
    table = beside.errors([group()], group().trainings, 100.0)
    assert table.columns[:3] == ["steps ahead", "Lyapunov times", "network, dense"]
    assert table.rows[1][:3] == [10, 0.1, 1e-3]
    assert "1e-05" in markup(table)  # errors over many decades are not all 0.0000


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ({}, "A baseline does as well as the network: echo state network (fitted in 4 s), D_stsp 0.14 against 0.13."),
        ({"baselines__echo_state__d_stsp": 0.01}, "A baseline does better than the network: echo state network"),
        ({"baselines__echo_state__d_stsp": 3.0}, "No baseline does as well: the best is the echo state network"),
        (
            {"baselines__echo_state__escaped": 0.25, "baselines__next_generation__escaped": 1.0},
            "No baseline does as well: those that are fitted stood still, or left the range of the data.",
        ),
        ({"reconstruction__d_stsp": 15.1}, "A baseline does better than the network: echo state network"),
        (
            {
                "reconstruction__d_stsp": 15.01,
                "baselines__echo_state__d_stsp": 16.0,
                "baselines__next_generation__d_stsp": 16.0,
            },
            "A baseline does as well as the network: the mean, D_stsp 15 against 15.",
        ),
        ({"reconstruction__d_stsp": Undefined("no")}, None),
        # a short recording: floor near ceiling
        ({"reconstruction__d_stsp_floor": 9.0, "reconstruction__d_stsp_ceiling": 14.0}, "D_stsp says little"),
        # a random walk
        (
            {"reconstruction__d_stsp_ceiling": 15.7, "reconstruction__d_stsp_of_training_data": 14.0},
            "D_stsp says little on these data: baselines are to be held against the network by prediction error.",
        ),
    ],
)
def test_the_sentence(test, said):
    found = beside.sentence(group(**test))
    assert found == [] if said is None else found[0].startswith(said)


@pytest.mark.parametrize(
    ("measures", "said"),
    [
        ([{"reconstruction": {"bins": 5}}, "baselines"], "bins 5 against the default"),
        (["reconstruction", {"baselines": {"preset": "hemmer2024"}}], "preset the default against hemmer2024"),
        ([{"reconstruction": {"bins": 5}}, {"baselines": {"bins": 5}}], None),
        ([{"reconstruction": {"bins": None, "horizon": 3}}, {"baselines": {}}], None),
    ],
)
def test_unlike_definitions_are_not_compared(measures, said):
    one = training(measures=measures)
    assert beside.unlike(one) == said
    (sentence,) = beside.sentence(Group("dense", 0, (one,)))
    rows = beside.table([], [one]).rows
    assert isinstance(rows[0][1], Undefined) == (said is not None)
    assert ("cannot be held against it" in sentence) == (said is not None)


def test_what_was_not_installed_is_said():
    lacking = Undefined('it needs reservoirpy: pip install "sparsernn[baselines]"')
    keys = [f"baselines__{n}__{k}" for n in ("echo_state", "next_generation") for k in beside.SCORES]
    (found,) = beside.sentence(group(**dict.fromkeys(keys, lacking)))
    assert 'pip install "sparsernn[baselines]"' in found


def test_the_figure(tmp_path):
    one = training()
    found = horizons.numbers({"network": one.test}, {b.title: b.numbers for b in beside.baselines([one])}, 5.0)
    assert found.lines[0] == horizons.HorizonLine("network", (1, 10), (1e-5, 1e-3), True)
    assert len(found.lines) == 5
    drawn = horizons.draw(found)
    assert max(max(trace.x) for trace in drawn.data) == 10  # the Lyapunov time does not stretch the axis
    horizons.picture(found, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(PNG)
    assert isinstance(horizons.numbers({"network": {}}, {}), Undefined)


def test_names_of_tasks():
    ecg = {"reconstruction": {"recording": "ecg", "smooth": 3.0}}
    raw = {"reconstruction": {"recording": "ecg", "smooth": 0.0}}
    names = task_names([(ecg, "ecg.dat: lead"), (raw, "ecg.dat: lead"), ({"adding": {"length": 5}}, "adding")])
    assert names == ["ecg.dat, smooth=3.0", "ecg.dat, smooth=0.0", "adding"]
    assert task_names([(ecg, "a: x"), (ecg, "a: x")]) == ["a, 1", "a, 2"]
    files = [({"reconstruction": {"file": f"/{d}/x.csv"}}, f"/{d}/x.csv: u, v") for d in "ab"]
    assert len(set(task_names(files))) == 2
    assert task_names(files[:1]) == ["x.csv"]
