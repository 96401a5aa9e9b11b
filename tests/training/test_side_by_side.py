"""Several runs at a time: their order, how many there are at once, and what is told of them."""

import threading
import time
from dataclasses import replace

import pytest

from sparsernn.errors import StoreError
from sparsernn.spec import build
from sparsernn.training import side_by_side
from sparsernn.training.run_spec import RunSpec
from sparsernn.training.side_by_side import name_of, run_all

BASE = {
    "task": {"adding": {"length": 6, "held_out": 20}},
    "network": {"rnn": {"hidden": 8}},
    "epochs": 1,
    "updates_per_epoch": 2,
    "batch": 4,
    "measures": ["score"],
}
ROUNDS = BASE | {"rounds": {"count": 2}}


def seeds(count):
    base = build(RunSpec, BASE)
    return [replace(base, seed=seed) for seed in range(count)]


def silent(*_):
    pass


def test_every_round_is_told_of_before_the_next_begins(tmp_path):
    wanted = [build(RunSpec, ROUNDS | {"sparsifier": {c: {"drop_fraction": 0.5}}}) for c in ("magnitude", "random")]
    seen = []

    def told(number, record):
        there = [p for p in (tmp_path / "runs").iterdir() if p.is_dir()]
        seen.append((number, record.round, record.outcome.name, len(there)))

    records = run_all(wanted, tmp_path / "runs", silent, 1, told)
    assert [s[:3] for s in seen] == [(i, r, "finished") for i in (0, 1) for r in (0, 1, 2)]
    assert [s[3] for s in seen] == [1, 2, 3, 3, 4, 5]  # the first training is shared
    assert [r.round for r in records] == [2, 2]


def test_as_many_at_a_time_as_there_are_workers_and_records_in_the_order_of_specs(monkeypatch, tmp_path):
    both, now, most, lock = threading.Barrier(2, timeout=20), [0], [0], threading.Lock()

    def slow(spec, store, **_):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        both.wait()  # nobody goes on alone
        with lock:
            now[0] -= 1
        return spec.seed

    monkeypatch.setattr(side_by_side, "run", slow)
    assert run_all(seeds(6), tmp_path, silent, 2) == list(range(6))
    assert most == [2]


def test_progress_says_which_run_it_is(monkeypatch, tmp_path):
    monkeypatch.setattr(side_by_side, "run", lambda spec, store, progress, **_: progress("epoch", 1, 3))
    said = []
    run_all(seeds(2), tmp_path, lambda *what: said.append(what), 1)
    assert said == [(f"run {i} of 2, dense, seed {i - 1}: epoch", 1, 3) for i in (1, 2)]
    spec = build(RunSpec, ROUNDS | {"sparsifier": {"magnitude": {"drop_fraction": 0.5}}, "seed": 3})
    assert name_of(spec) == "magnitude, seed 3"


def test_an_error_is_raised_and_what_had_not_begun_does_not_begin(monkeypatch, tmp_path):
    begun = []

    def fails(spec, store, **_):
        begun.append(spec.seed)
        if spec.seed == 0:
            raise StoreError("no room for 0")
        time.sleep(0.05)  # long enough for the others to be called off

    monkeypatch.setattr(side_by_side, "run", fails)
    with pytest.raises(StoreError, match="no room for 0"):
        run_all(seeds(40), tmp_path, silent, 1)
    assert len(begun) < 40
