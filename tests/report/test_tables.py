import csv
import io
from types import SimpleNamespace

import numpy as np
import pytest

from sparsernn.errors import Undefined
from sparsernn.report import tables
from sparsernn.report.grade_numbers import GRADES
from sparsernn.report.markup import table as view
from sparsernn.report.render import templates
from sparsernn.report.runs import RunComparison, Training
from sparsernn.report.spread import Spread, spread
from sparsernn.report.text import decimals, number
from sparsernn.report.verdict import best, verdict


def markup(given):
    """A table as HTML."""
    return str(templates().get_template("macros.html.j2").module.table(view(given)))


def test_summary_of_a_pruned_reconstruction(pruned):
    table = tables.summary(pruned)
    assert table.columns == [
        "run", "round", "weights left", "share", "D_stsp", "D_stsp floor", "D_stsp ceiling", "D_H", "D_H floor",
        "prediction error", "largest exponent", "seeds", "outcome",
    ]  # fmt: skip
    assert [row[:3] for row in table.rows] == [
        ["dense", 0, 64],
        ["geometric", 1, 32],
        ["magnitude", 1, 32],
        ["geometric", 2, 16],
        ["magnitude", 2, 16],
    ]
    assert {row[-2] for row in table.rows} == {2}
    values = [t.test["reconstruction/d_stsp"] for t in pruned.trainings if (t.label, t.round) == ("magnitude", 2)]
    assert table.rows[-1][4].mean == pytest.approx(sum(values) / 2)
    floor, ceiling = table.rows[0][5:7]
    assert 0 < floor < ceiling


def test_trivial_predictors_stand_beside_scores(adding):
    table = tables.summary(adding)
    assert table.columns == ["run", "round", "weights left", "share", "mse", "accuracy", "seeds", "outcome"]
    named = {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    assert 0.1 < named["always answering 1"]["mse"] < 0.25  # 1/6 on paper, from 100 sequences
    assert named["dense, learning_rate=1e+30"]["outcome"] == "diverged"
    assert str(named["dense, learning_rate=1e+30"]["mse"].mean).startswith("diverged at update")
    assert named["dense, learning_rate=0.02"]["mse"].mean == "paused"


def test_differences_need_two_seeds(pruned, adding):
    rows = tables.differences(pruned).rows
    assert {row[0] for row in rows} == {"geometric − magnitude"}
    assert all(row[-1].startswith("undecided") for row in rows)
    assert tables.differences(adding).rows == []


def test_csv_keeps_exact_numbers_and_reasons():
    given = tables.Table("t", "T", ["run", "D"], [["a,b", spread([0.1, 0.2])], ["c", spread([Undefined("flat")])]])
    first, second = csv.DictReader(io.StringIO(tables.csv(given)))
    assert first["run"] == "a,b"
    assert float(first["D"]) == (0.1 + 0.2) / 2
    assert first["D n"] == "2"
    assert (second["D"], second["D undefined"], second["D n"]) == ("", "flat", "0")


def test_missing_seeds_are_explained():
    given = tables.Table("t", "T", ["run", "round", "D_H"], [["a", 3, spread([1.0, Undefined("it is flat")])]])
    assert tables.missing(given) == ["D_H of a, round 3: undefined in 1 of 2 seeds (it is flat)"]


def test_markup_escapes_and_aligns():
    rows = [["<b>&", Spread(0.5, 0.25, 0.25, 0.75, 2, 2), 12.0], ["x", spread([Undefined("<i>")]), 1.0]]
    text = markup(tables.Table("t", "T", ["run", "v", "w"], rows))
    assert "&lt;b&gt;&amp;" in text
    assert "<i>" not in text
    assert "undefined: &lt;i&gt;" in text
    assert "<td>12.00</td>" in text
    assert "<td>1.00</td>" in text
    assert '0.50 <span class="sd">± 0.25</span>' in text


@pytest.mark.parametrize(
    ("values", "digits"),
    [
        ([0.42, 14.8], 2),
        ([0.0123], 3),
        ([123.4], 1),
        ([1234.5], 0),
        ([], 2),
        ([1e-9], None),
        ([1e-9, 0.5], 4),
        ([0.0], 2),
    ],
)
def test_decimals(values, digits):
    assert decimals(values) == digits


def test_numbers_as_text():
    assert number(1234, 2) == "1,234"
    assert number(-1.25, 1) == "−1.2"
    assert number(-0.001, 2) == "0.00"
    assert number(-1.5e-9, None) == "−1.50e-09"


def test_verdict_names_counts_bounds_and_doubt(pruned):
    sentences = verdict(pruned)
    value = best(pruned).spread("reconstruction/d_stsp").mean
    grade, _, rest = sentences[0].partition(": ")
    assert grade.lower() in GRADES
    assert rest.startswith("At 16 of 64 weights (25 %), D_stsp is ")
    assert f"{value:.2f}" in sentences[0]
    assert "floor" in sentences[0]
    assert "ceiling" in sentences[0]
    assert "dense" in sentences[0]
    assert "2 seeds" in sentences[0]
    assert "undecided" in sentences[-1]


def test_verdict_with_one_seed_and_unfinished_runs(adding):
    sentences = verdict(adding)
    assert "always answering 1" in sentences[0]
    assert "With one seed nothing says whether these differences are more than chance." in sentences
    assert sentences[-1] == "Of 4 trainings 1 diverged, 1 paused: see the outcomes." or (
        sentences[-1] == "Of 4 trainings 1 paused, 1 diverged: see the outcomes."
    )


def test_over_seeds_and_what_single_weights_do(pruned):
    made = {table.name: table for table in tables.tables(pruned)}
    rows = {tuple(row[:2]) + tuple(row[3:5]): row[5] for row in made["over_seeds"].rows}
    gini = [t.test["hubs/out_gini"] for t in pruned.trainings if (t.label, t.round) == ("geometric", 2)]
    found = rows["geometric", 2, "hubs", "out_gini"]
    assert (found.mean, found.n) == (pytest.approx(sum(gini) / 2), 2)
    judged = made["importance"]
    assert {tuple(row[:2]) for row in judged.rows} == {("geometric", 1), ("geometric", 2)}
    assert len(judged.rows) == 4
    assert {row[4] for row in judged.rows} == {"d_stsp"}
    assert all(0 <= row[5] <= 1 for row in judged.rows)
    assert judged.columns[6:] == [
        "signed rank", "signed reliability", "signed corrected",
        "absolute rank", "absolute reliability", "absolute corrected",
    ]  # fmt: skip


def test_strengths_found_by_matching():
    parts = [{"l1": {"strength": 1e-4}}, {"l2": {"strength": {"match": {"to": 0}}}}]
    parts.append({"l2": {"strength": {"match": {"to": {"l1": {"strength": 0.2}}}}}})
    found = {"strength/1": np.float64(0.5), "strength/2": np.float64(0.25), "trained/1/x": np.zeros(2)}
    record = SimpleNamespace(spec={"regularizers": parts}, regularizers=lambda: found)
    training = Training("dense", 3, 0, 9, 9, {}, {}, None, 0.0, record)
    bare = training._replace(record=SimpleNamespace(spec={"regularizers": parts[:1]}, regularizers=lambda: {}))
    table = tables.strengths(RunComparison((), (bare, training)))
    assert table.rows == [["dense", 0, 3, "l2", 0.5, "l1"], ["dense", 0, 3, "l2", 0.25, "l1"]]
