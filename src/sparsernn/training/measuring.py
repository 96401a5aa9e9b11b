"""The measures of a finished training."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sparsernn.measures.base import stopping
from sparsernn.precision import precise
from sparsernn.progress import Progress
from sparsernn.runs.directory import Directory
from sparsernn.spec import identity, plain
from sparsernn.tasks.base import SPLITS
from sparsernn.training.run_spec import RunSpec


def measure(spec: RunSpec, directory: Directory, progress: Progress, stopped: Callable[[], bool]) -> None:
    """Take the measures that are not on disk yet, on validation and test, and keep the evidence behind them."""
    judge = spec.judge
    wanted = {identity(m): m for m in sorted(spec.measures, key=lambda m: m != judge)}
    known = directory.measures()
    taken = {entry["identity"] for entry in known.values()}
    missing = {name: m for name, m in wanted.items() if name not in taken}
    if not missing:
        return
    weights, masks, evidence = directory.weights(), directory.masks(), directory.evidence()
    with precise(False), stopping(stopped):
        for done, (identified, measure) in enumerate(missing.items()):
            progress("measuring", done, len(missing))
            (name,) = plain(measure)
            if name in known:
                name = f"{name} {identified[:8]}"  # the plain name belongs to the first of a kind
            numbers = {s: measure.measure(spec.network, weights, masks, spec.task, s) for s in SPLITS if s != "train"}
            known[name] = {"measure": plain(measure), "identity": identified, **numbers}
            arrays = measure.evidence(spec.network, weights, masks, spec.task, "test")
            evidence |= {f"{name}/{key}": np.asarray(array) for key, array in arrays.items()}
    directory.save_measures(known, evidence)
