"""Sparse recurrent neural networks: train, prune, look at wiring and dynamics, compare.

The names below are imported on first use, so that ``import sparsernn`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "RunSpec": "sparsernn.training.run_spec",
    "run": "sparsernn.training.run",
    "read_spec": "sparsernn.training.run_spec",
    "Record": "sparsernn.training.store",
    "compare": "sparsernn.dynamics.comparison",
    "write_report": "sparsernn.report.write",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sparsernn' has no attribute {name!r}")
