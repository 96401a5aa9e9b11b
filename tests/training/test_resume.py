"""However a run is stopped, the same call finishes it with the same bits."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import yaml

from sparsernn.errors import Interrupted
from sparsernn.runs.record import Record
from sparsernn.sparsifiers.base import Clock
from sparsernn.training.run import run
from sparsernn.training.run_spec import read_spec

MEASURED = {
    "measures": ["score", {"reconstruction": {"starts": 1, "horizon": 2, "removal_rows": 40}}],
    "select": {"key": "d_stsp", "every": 2},
    "sparsifier": {"geometric": {"drop_fraction": 0.25, "starts": 1}},
    "rounds": {"count": 2},
    "watch": {"measures": ["score"], "every": 2},
    "snapshots": 2,
}
"""Rounds of geometric pruning as a user has them, judged by D_stsp, watched, with snapshots."""


@pytest.fixture(scope="module")
def whole(tiny, tmp_path_factory):
    """The finished run to be equal to."""
    record = run(tiny(**MEASURED), tmp_path_factory.mktemp("whole"))
    assert [r.masks()["cell0/recurrent"].sum() if r.round else 16 for r in record.lineage()] == [16, 12, 9]
    assert record.outcome.name == "finished"
    assert list(record.watched()["epoch"]) == record.snapshots() == [0, 2, 3]
    return record


# ----------------------------------------------------------------------------------------------------- pauses


@pytest.mark.parametrize("stops", [[1], [4], [5, 11], [0, 6, 12]])
def test_pausing_changes_no_bit(tmp_path, tiny, whole, same, stops):
    for round, step in itertools.product(range(3), stops):
        record = run(tiny(**MEASURED), tmp_path, until=Clock(step, round, 4, 3))
        assert record.round == round, "no later round is begun"
        assert record.outcome.name == ("finished" if step == 12 else "paused")
        assert record.outcome.step == step
    same(run(tiny(**MEASURED), tmp_path), whole)


def test_pausing_before_where_it_stands_does_not_go_back(tmp_path, tiny):
    run(tiny(), tmp_path, until=Clock(9, 0, 4, 3))
    record = run(tiny(), tmp_path, until=Clock(2, 0, 4, 3))
    assert record.outcome[:2] == ("paused", 9)
    assert len(record.history()["epoch"]) == 2
    run(tiny(), tmp_path)
    assert run(tiny(), tmp_path, until=Clock(2, 0, 4, 3)).outcome[:2] == ("finished", 12)


def test_stopping_after_every_call(tmp_path, tiny, whole, same):
    """`stopped` says yes each time it is asked for the n-th time: every sitting does a little."""
    for sitting in range(400):
        asked = itertools.count()
        try:
            record = run(tiny(**MEASURED), tmp_path, stopped=lambda: next(asked) >= 2 + sitting % 3)  # noqa: B023
        except Interrupted:  # while it waits
            continue
        if record.round == 2 and record.outcome.name == "finished":
            break
        assert record.outcome.name in ("interrupted", "finished")
    assert 5 < sitting < 390
    same(record, whole)


def test_segments_of_every_size(tmp_path, tiny, whole, same, monkeypatch):
    from sparsernn.training import loop

    monkeypatch.setattr(loop, "CALL_SECONDS", 0.0)  # one update a call
    same(run(tiny(**MEASURED), tmp_path, checkpoint_seconds=0.0), whole)


# ------------------------------------------------------------------- a power cut at any write, in this process


class PowerCut(BaseException):
    """Nothing catches it; what is half written stays as it is."""


@pytest.mark.parametrize("checkpoint_seconds", [0.0, 1e9])
def test_dying_at_any_write(tmp_path, tiny, whole, same, monkeypatch, leftovers, checkpoint_seconds):
    """Before or after any rename or flush, then again a little later, until the run is done."""
    real = {name: getattr(os, name) for name in ("replace", "fsync")}
    left = [-1]

    def dying(name):
        def act(*arguments):
            left[0] -= 1
            if left[0] == 0:
                raise PowerCut
            real[name](*arguments)
            left[0] -= 1
            if left[0] == 0:
                raise PowerCut

        return act

    for name in real:
        monkeypatch.setattr(os, name, dying(name))
    chance = random.Random(5)
    deaths = 0
    for place in range(3):
        while True:
            left[0] = chance.randrange(1, 60)
            try:
                record = run(tiny(**MEASURED), tmp_path / str(place), checkpoint_seconds=checkpoint_seconds)
                break
            except PowerCut:
                deaths += 1
        left[0] = -1
        same(record, whole)
        assert not leftovers(tmp_path / str(place))
    assert deaths > 10


# ------------------------------------------------------------------------------------ operating-system processes


CHILD = textwrap.dedent("""
    import json, sys, time
    from sparsernn.training.run import run
    from sparsernn.training.run_spec import read_spec

    def tell(what, done, of):
        print(what, done, flush=True)
        time.sleep(0.02)  # room to be killed in

    print("begins", flush=True)
    run(read_spec(json.loads(sys.argv[1])), sys.argv[2], progress=tell, checkpoint_seconds=0.0)
""")


@pytest.fixture(scope="module")
def environ(tmp_path_factory):
    """Compiled code is shared between the processes of this file."""
    own = {
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path_factory.mktemp("jax")),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    return {**own, **os.environ}


def child(fields, store, environ):
    command = [sys.executable, "-c", CHILD, json.dumps(fields), str(store)]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


PHASES = ("begins", "training", "importance", "measuring")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(len(PHASES)))
def test_kill_9_at_random_moments(tmp_path, tree, whole, same, environ, leftovers, seed):
    """Kills in imports and compilations, and a random while after what the process says it does."""
    chance = random.Random(seed)
    fields, kills = tree(**MEASURED), 0
    phase = PHASES[seed % len(PHASES)]
    for wanted in (phase, chance.choice(PHASES[1:])):
        process = child(fields, tmp_path / "runs", environ)
        skip, delay = chance.randrange(3), chance.uniform(0, 1.0 if wanted == "begins" else 0.03)
        for line in process.stdout:
            if wanted in line:
                skip -= 1
                if skip < 0 or wanted == "begins":
                    break
        time.sleep(delay)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        process.stdout.close()
        process.stderr.close()
    assert kills >= 1
    record = run(read_spec(fields), tmp_path / "runs")
    same(record, whole)
    assert list(record.watched()["epoch"]) == record.snapshots() == [0, 2, 3]
    assert not leftovers(tmp_path / "runs")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_command_politely(tmp_path, tree, same, environ, number):
    """`python -m sparsernn run`: exit code 5, an outcome with advice, and the same command goes on."""
    fields = tree(epochs=200, updates_per_epoch=50, select=None)
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(fields))
    command = [sys.executable, "-m", "sparsernn", "run", str(tmp_path / "spec.yaml"), "--store", str(tmp_path / "runs")]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list((tmp_path / "runs").glob("*/history.csv")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 5, err
    assert "Traceback" not in err
    assert "interrupted at update" in err
    assert "goes on from the last checkpoint" in err
    (directory,) = [p for p in (tmp_path / "runs").iterdir() if p.is_dir()]
    assert str(directory) in out + err
    record = Record(directory)
    assert record.outcome.name == "interrupted"
    assert 0 < record.outcome.step < 200 * 50
    finished = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    same(Record(directory), run(read_spec(fields), tmp_path / "again"))


def test_a_second_signal_interrupts_at_once(tmp_path, tiny):
    """Both come while one measure is taken: nothing is lost, and KeyboardInterrupt goes on."""
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def progress(what, done, of):
        if what == "measuring":
            for _ in range(2):
                seen.append(what)
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(tiny(), tmp_path, progress=progress)
    assert len(seen) == 2
    (directory,) = [p for p in tmp_path.iterdir() if p.is_dir()]
    assert Record(directory).outcome.name == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before
    record = run(tiny(), tmp_path)
    assert record.outcome.name == "finished"
    assert np.isfinite(record.measures()[next(iter(record.measures()))]["test"]["loss"])


def test_errors_of_the_caller_are_outcomes_too(tmp_path, tiny, same):
    def progress(what, done, of):
        if done > 6:
            raise RuntimeError("the window was closed")

    with pytest.raises(RuntimeError):
        run(tiny(), tmp_path / "runs", progress=progress)
    (directory,) = [p for p in (tmp_path / "runs").iterdir() if p.is_dir()]
    outcome = Record(directory).outcome
    assert outcome.name == "failed"
    assert outcome.why == "RuntimeError: the window was closed"
    same(run(tiny(), tmp_path / "runs"), run(tiny(), tmp_path / "again"))
