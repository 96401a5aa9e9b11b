"""Sparse recurrent neural networks: train, prune, look at wiring and dynamics, compare.

    import numpy as np, sparsernn
    model = sparsernn.reconstruct(np.load("x.npy"), dt=0.01, density=0.25, seed=0, out="my-run")
    free = model.free_run(10_000)
    ahead = model.forecast(history, 50)
    model.numbers["d_stsp"], model.verdict.grade; model.report("page.html")

- `reconstruct`: from an array, a DataFrame or a file to a trained, sparse network
- `Model`: that network: numbers, verdict, free runs, forecasts, graph; `Model.load` takes a directory
- `look`: what a series holds and what is odd about it, before any training
- `read_series`: a series from any of the usual files
- `analyze`: motifs, balance and all else of a weight matrix or connectome as a graph, beside null models
- `RunSpec`, `read_spec`, `run`: a run of any cell, task, sparsifier; from a mapping; trained, resumed
- `Record`: a run directory: history, weights, masks, measures
- `compare`: how alike two series are (D_stsp, D_H), with floor and ceiling
- `register`: your own cell, task, sparsifier, measure, ... under a name, for specs and the command line
- `write_report`: the page, pictures and tables of several runs
- `SparseRNNError` and below it `SpecError`, `DataError`, `StoreError`, `Interrupted`: what can go wrong
- `Undefined`: takes the place of a number that does not exist, with the reason

Names are imported on first use, so that ``import sparsernn`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sparsernn.dynamics.dstsp.comparison import compare
    from sparsernn.errors import DataError, Interrupted, SparseRNNError, SpecError, StoreError, Undefined
    from sparsernn.files.series import read_series
    from sparsernn.registry import register
    from sparsernn.report.write import write_report
    from sparsernn.runs.record import Record
    from sparsernn.studies.analyze import analyze
    from sparsernn.studies.look_data import look
    from sparsernn.studies.model import Model
    from sparsernn.studies.reconstruct import reconstruct
    from sparsernn.training.run import run
    from sparsernn.training.run_spec import RunSpec, read_spec

__version__ = "0.1.0"

_HOMES = {
    "reconstruct": "sparsernn.studies.reconstruct",
    "Model": "sparsernn.studies.model",
    "look": "sparsernn.studies.look_data",
    "analyze": "sparsernn.studies.analyze",
    "read_series": "sparsernn.files.series",
    "RunSpec": "sparsernn.training.run_spec",
    "read_spec": "sparsernn.training.run_spec",
    "run": "sparsernn.training.run",
    "Record": "sparsernn.runs.record",
    "compare": "sparsernn.dynamics.dstsp.comparison",
    "register": "sparsernn.registry",
    "write_report": "sparsernn.report.write",
    **dict.fromkeys(
        ("SparseRNNError", "SpecError", "DataError", "StoreError", "Interrupted", "Undefined"), "sparsernn.errors"
    ),
}
__all__ = [
    "DataError",
    "Interrupted",
    "Model",
    "Record",
    "RunSpec",
    "SparseRNNError",
    "SpecError",
    "StoreError",
    "Undefined",
    "__version__",
    "analyze",
    "compare",
    "look",
    "read_series",
    "read_spec",
    "reconstruct",
    "register",
    "run",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        found = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return found
    raise AttributeError(f"module 'sparsernn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__} - {"annotations", "import_module", "Any", "TYPE_CHECKING"})
