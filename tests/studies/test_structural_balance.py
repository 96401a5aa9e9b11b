"""The study: what it trains, what it says of a network, and what its claims make of numbers that are known."""

from __future__ import annotations

import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.models.rnn import RNN
from sparsernn.studies.structural_balance import isolated, prescribed, profiles, tables, verdicts
from sparsernn.studies.structural_balance.page import contents
from sparsernn.studies.structural_balance.settings import STRATEGIES, TASKS
from sparsernn.studies.structural_balance.study import jobs, write


def row(strategy, seed, eta, null=0.5, score=0.9, task="sms", cell="rnn", graph="full"):
    beside = {"value": eta, "null_mean": null, "null_sd": 0.05, "z": (eta - null) / 0.05}
    motifs = dict.fromkeys(("+++", "++-", "+-+", "+--", "-++", "-+-", "--+", "---"), 1.0)
    both = {"eta": beside, "eta_pooled": beside, "balanced_030T": beside, "unbalanced_030T": beside}
    return {
        "key": f"{strategy}{seed}{task}", "part": "profile", "task": task, "cell": cell, "strategy": strategy,
        "density": 0.05, "seed": seed, "graph": graph, "outcome": "finished", "score": {"accuracy": score}, "edges": 99,
        "signed": both, "fanmod": both, "gauge_z": motifs, "curve": {"epoch": [0, 1], "eta_pooled": [0.5, eta]},
    }  # fmt: skip


def test_every_job_has_a_name_of_its_own_and_whole_seeds_come_first():
    found = jobs("medium", tasks=("sms", "gestures"), seeds=2)
    names = [job.key for job in found]
    assert len({*names}) == len(names) == 2 * 2 * 5 + 2 * 2 * 5, "two tasks, and two continuous cells on gestures"
    seeds = [int(name[-1]) for name in names]
    assert seeds == sorted(seeds)
    for job in found:
        if "/dense/" not in job.key:
            assert job.spec.sparsifier is not None


def test_all_wrong_names_at_once():
    with pytest.raises(SpecError, match="5 problems") as caught:
        jobs("quik", tasks=("mnst",), cells=("rn",), densities=(2.0,), seeds=0)
    assert '"quik"' in str(caught.value)
    assert "quick" in str(caught.value)


def test_claims_of_known_numbers():
    rng = np.random.default_rng(0)
    rows = [row("pruning1", s, 0.8 + 0.02 * rng.standard_normal()) for s in range(10)]
    rows += [row("set", s, 0.5 + 0.1 * (-1) ** s) for s in range(10)]
    rows += [row("deepr", s, 0.3 + 0.02 * rng.standard_normal()) for s in range(10)]
    rows += [row("pruning2", s, 0.8) for s in range(5)]
    found = {(r["claim"][0], r["sparsifier"]): r["verdict"] for r in verdicts.claims(rows).dicts()}
    assert found["i", "Pruning I"] == found["j", "Pruning I"] == "reproduced"
    assert found["i", "SET"] == "not seen"
    assert found["i", "DeepR"] == "the opposite"
    assert found["i", "Pruning II"] == "undecided: 5 seeds"


def test_scores_stand_beside_the_dense_network_of_the_same_seeds():
    rows = [row("dense", s, 0.5, score=0.9 + 0.01 * s, graph="none") for s in range(3)]
    rows += [row("set", s, 0.6, score=0.8 + 0.01 * s) for s in range(3)]
    dense, sparse = tables.scores(rows).rows
    assert dense[2] == "dense"
    assert sparse[7] == pytest.approx(-0.1)


def test_tables_figures_and_page_are_written(tmp_path):
    rows = [row(s, seed, 0.7, task=t) for s in ("pruning1", "set") for seed in range(2) for t in ("sms", "mnist")]
    rows.append({"key": "x", "part": "profile", "outcome": "diverged"})
    found = write(rows, tmp_path, [("size", "quick")])
    assert found.page.stat().st_size > 1e6
    assert {p.name for p in (tmp_path / "figures").iterdir()} == {"motifs.png", "epochs.png", "loops.png"}
    assert "Pruning I" in (tmp_path / "README.md").read_text()
    assert [s.title for s in contents(rows, found.tables)] == [
        "Claims", "Balance", "Motif profiles", "While training", "Scores", "Loops alone"
    ]  # fmt: skip


def test_largest_and_core():
    matrix = np.array([[0.0, 3.0, -1.0], [0.5, 0.0, 2.0], [-4.0, 0.1, 0.0]])
    assert np.count_nonzero(profiles.largest(matrix, 2 / 9)) == 2
    assert set(profiles.largest(matrix, 2 / 9)[[0, 2], [1, 0]]) == {3.0, -4.0}
    left = profiles.core(matrix, 0.5)
    assert sorted(left[left != 0].tolist()) == [-4.0, 2.0, 3.0], "of each sign the half nearest to 0 goes"


def test_graphs_of_a_seed_differ_in_balance_alone():
    random, balanced = prescribed._matrices(60, 0, 2)
    one, other = prescribed.described(random), prescribed.described(balanced)
    assert other["eta_pooled"] >= prescribed.ETA > one["eta_pooled"]
    assert one["edges"] == other["edges"]
    assert one["radius"] == pytest.approx(other["radius"])
    for axis in (0, 1):
        assert np.array_equal((random != 0).sum(axis), (balanced != 0).sum(axis))


def test_numbers_of_a_matrix_agree_with_the_analysis():
    from sparsernn import analyze

    rng = np.random.default_rng(1)
    matrix = rng.standard_normal((40, 40)) * (rng.random((40, 40)) < 0.1)
    np.fill_diagonal(matrix, 0)
    mine, theirs = profiles.numbers(matrix, 0), analyze(matrix, "target-source", nulls=50)
    assert mine["signed"]["eta"]["value"] == theirs.numbers["eta"].value
    assert mine["motifs"] == {signs: m.number for signs, m in theirs.motifs.items()}
    assert mine["edges"] == theirs.numbers["edges"].value


def test_a_loop_alone_responds_by_both_paths():
    weights = 0.3 * np.random.default_rng(0).standard_normal((50, 3))
    found = isolated.responses(weights, drive=1e-3)
    np.testing.assert_allclose(found.measured, found.linear, atol=1e-6)
    cell = RNN(3)  # the same with a network of the library: unit i held, two steps
    for (ij, jk, ik), measured in zip(weights[:5], found.measured, strict=False):
        matrix = np.array([[0, 0, 0], [ij, 0, 0], [ik, jk, 0]], np.float32)[None]
        state = np.array([1e-3, 0, 0], np.float32)
        for _ in range(2):
            state = np.array(cell.step({"recurrent": matrix, "bias": np.zeros(3, np.float32)}, state, None))
            state[0] = 1e-3
        assert state[2] / 1e-3 == pytest.approx(measured, abs=1e-5)
    sizes = np.abs(isolated.drawn().measured)
    balanced, unbalanced = (sizes[isolated.drawn().of(kind)].mean() for kind in (True, False))
    assert balanced > 1.5 * unbalanced


def test_settings_name_what_exists():
    assert {job.key.split("/")[4] for job in jobs("quick", tasks=("gestures",), cells=("rnn",))} == set(STRATEGIES)
    assert set(TASKS) == {"mnist", "sms", "mackey_glass", "gestures"}
