"""What the study trains: tasks, cells, sparsifiers, lengths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Size = Literal["quick", "medium", "paper"]
SIZES: tuple[Size, ...] = ("quick", "medium", "paper")
STRATEGIES = ("dense", "pruning1", "pruning2", "deepr", "set")
"""Pruning I (a growing threshold), Pruning II (a cubic ramp), deep rewiring, sparse evolutionary training."""
TITLES = {
    "dense": "dense",
    "pruning1": "Pruning I",
    "pruning2": "Pruning II",
    "deepr": "DeepR",
    "set": "SET",
    "untrained": "untrained, pruned",
    "cut": "dense, cut at the end",
}
DENSITY = 0.05


class Setting(NamedTuple):
    """One task with the network that learns it.

    Args:
        task, network: as in a spec; the network without its cell.
        hidden: units of the cell.
        optimizer: as in a spec.
        batch: sequences in a batch.
        epochs, updates: of each size: epochs, and updates in each.
        exchanged: share of weights that SET exchanges an epoch.
    """

    task: Mapping[str, Any]
    network: Mapping[str, Any]
    hidden: int
    rate: float
    batch: int
    epochs: Mapping[Size, int]
    updates: Mapping[Size, int]
    exchanged: float


TASKS = {
    "mnist": Setting(
        {"sequential_mnist": {"source": "mnist"}}, {}, 150, 1e-3, 128,
        {"quick": 30, "medium": 100, "paper": 201}, {"quick": 50, "medium": 50, "paper": 50}, 0.2,
    ),
    "sms": Setting(
        {"sms": {}}, {"embedding": 50}, 100, 1e-3, 128,
        {"quick": 30, "medium": 50, "paper": 101}, {"quick": 15, "medium": 30, "paper": 31}, 0.1,
    ),
    "mackey_glass": Setting(
        {"mackey_glass": {"past": 500}}, {}, 128, 1e-3, 12,
        {"quick": 20, "medium": 100, "paper": 101}, {"quick": 20, "medium": 30, "paper": 60}, 0.2,
    ),
    "gestures": Setting(
        {"gestures": {"standardize": "recording"}}, {"dropout": {"input": 0.2, "output": 0.5}}, 128, 2e-3, 32,
        {"quick": 40, "medium": 100, "paper": 201}, {"quick": 14, "medium": 20, "paper": 15}, 0.1,
    ),
}  # fmt: skip
"""The tasks of the paper whose data are public. Lengths of size ``paper`` are the paper's."""
CELLS = {"rnn": {}, "ctrnn": {"tau": 1.0}, "neural_ode": {}}
"""With six sub-steps of a sixth, as the paper says."""
CELL_EPOCHS = {"rnn": 1.0, "ctrnn": 0.5, "neural_ode": 0.3}
"""Lengths of continuous cells, whose steps cost 6 and 24 products, as shares of the plain network's."""


def sparsifier(strategy: str, density: float, setting: Setting) -> dict[str, Any] | None:
    """As in a spec; None for dense."""
    known: dict[str, dict[str, Any] | None] = {
        "dense": None,
        "pruning1": {"growing_threshold": {"density": density}},
        "pruning2": {"gradual_cubic": {"density": density}},
        "deepr": {"deepr": {"density": density}},
        "set": {"set": {"density": density, "drop_fraction": setting.exchanged, "start": "uniform"}},
    }
    return known[strategy]


def spec(
    task: str, strategy: str, density: float, seed: int, size: Size, cell: str = "rnn", snapshots: int = 20
) -> dict[str, Any]:
    """A training of the study as the plain form of a `RunSpec`, without what does not decide it."""
    setting = TASKS[task]
    epochs = max(2, round(setting.epochs[size] * CELL_EPOCHS[cell]))
    chosen = sparsifier(strategy, density, setting)
    found = {
        "task": dict(setting.task),
        "network": {"cells": [{cell: {"hidden": setting.hidden, **CELLS[cell]}}], **setting.network},
        "optimizer": {"adam": {"learning_rate": setting.rate, "decay": "constant", "clip_value": 1.0}},
        "epochs": epochs,
        "updates_per_epoch": setting.updates[size],
        "batch": setting.batch,
        "seed": seed,
    }
    if chosen is not None:
        found["sparsifier"] = chosen
    return found


def beside(found: Mapping[str, Any]) -> dict[str, Any]:
    """The same with what is measured and kept: scores, and weights at twenty moments."""
    return {**found, "measures": ["score"], "snapshots": {"every": max(1, found["epochs"] // 20)}}
