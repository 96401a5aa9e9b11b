"""A run that differs from the one before by numbers only: how soon it trains, and that nothing is compiled."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import harness
import jax

from sparsernn import read_spec, run
from sparsernn.training.run_spec import RunSpec

EVENT = "/jax/core/compile/backend_compile_duration"
CANDIDATES = 9


def candidate(i: int) -> RunSpec:
    """An LSTM that learns a known system and is rewired meanwhile; all its numbers are other ones for each i."""
    share = 1 / (2 + i)
    return read_spec(
        {
            "task": {"reconstruction": {"system": "lorenz63", "rows": 3_000, "sequence": 50, "noise": share / 10}},
            "network": {"lstm": {"hidden": 32}},
            "forcing": {"generalized": {"alpha": share}},
            "optimizer": {"adam": {"learning_rate": [1e-2 * share, 1e-4], "clip_norm": 5 * share}},
            "sparsifier": {"rigl": {"density": 0.2 + 0.1 * share, "drop_fraction": share, "every": 5}},
            "regularizers": [{"l1": {"strength": 1e-4 * share}}],
            "epochs": 2,
            "updates_per_epoch": 20,
            "measures": ["score"],
            "seed": i,
        }
    )


def seconds_to_training(spec: RunSpec, store: Path) -> harness.Side:
    """From the call of `run` to its first update that is done; then it is stopped."""
    cpu, wall = time.process_time(), time.perf_counter()
    reached: list[harness.Side] = []

    def progress(what: str, done: int, of: int) -> None:
        if what.endswith("training") and done and not reached:
            reached.append(harness.Side(time.process_time() - cpu, time.perf_counter() - wall))

    run(spec, store, progress=progress, stopped=lambda: bool(reached))
    return reached[0]


def main() -> None:
    compiled: list[float] = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, seconds, **_: compiled.append(seconds) if event == EVENT else None
    )
    specs = [candidate(i) for i in range(CANDIDATES + 1)]
    for spec in specs:
        spec.task.data("train")  # data are read, not compiled
    with tempfile.TemporaryDirectory() as made:
        first = seconds_to_training(specs[0], Path(made))
        before = len(compiled)
        later = [seconds_to_training(spec, Path(made)) for spec in specs[1:]]
    harness.report_alone(
        "second run with other numbers, call to first updates done", later, 0.3, "run",
        f"LSTM of 32 units, RigL; other learning rate, strength, noise, drop fraction, density, alpha, seed each time; "
        f"the first compiles {before} programs, {first.cpu:.1f} CPU s; the later ones {len(compiled) - before}",
        {"nothing compiled": len(compiled) == before},
    )  # fmt: skip


if __name__ == "__main__":
    main()
