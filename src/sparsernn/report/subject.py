"""One trained network as the figures need it: its series, its matrices, its wiring."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from sparsernn.connectome import Connectome
from sparsernn.errors import StoreError, Undefined
from sparsernn.report.runs import Training
from sparsernn.runs.record import Record
from sparsernn.tasks.prepared import Prepared
from sparsernn.training.run_spec import RunSpec, spec_of
from sparsernn.weights import get


class Signals(NamedTuple):
    """The test stretch and a free run of the network, both (T, N) in `unit`; `dt` 1 and `time` "steps" if unknown;
    `starts` are the first rows of the stretches of both."""

    data: np.ndarray
    model: np.ndarray
    names: tuple[str, ...]
    unit: str
    dt: float
    time: str
    frequency: str
    starts: tuple[int, ...] = (0,)


class Matrix(NamedTuple):
    """One gate of a matrix that may be pruned: `weights` (target, source), 0 where there is no weight."""

    path: str
    gate: int | None
    weights: np.ndarray
    masked: bool


class Subject:
    """A training whose weights are on disk. Files are read when asked for; only the spec's data may be missing."""

    def __init__(self, training: Training):
        self.training = training
        self.record: Record = training.record

    @cached_property
    def spec(self) -> RunSpec:
        return spec_of(self.record)

    @cached_property
    def signals(self) -> Signals | Undefined:
        """Undefined if the run is no reconstruction, or was not measured as one."""
        evidence = self.record.evidence()
        if not {"reconstruction/data", "reconstruction/model"} <= set(evidence):
            return Undefined("the measure reconstruction was not taken on this run")
        data, model = (np.asarray(evidence[f"reconstruction/{name}"], dtype=float) for name in ("data", "model"))
        if data.ndim != 2 or data.shape != model.shape or len(data) < 2:
            raise StoreError(
                f"{self.record.directory}/evidence.safetensors: shapes {data.shape} and {model.shape} do not fit"
            )
        starts = tuple(int(row) for row in evidence.get("reconstruction/starts", (0,)))
        prepared = self.prepared
        unit = "sd" if prepared is None or prepared.standardize else "units of the file"
        if prepared is None or len(prepared.names) != data.shape[1]:
            names = tuple(f"column {i}" for i in range(data.shape[1]))
            return Signals(data, model, names, unit, 1.0, "steps", "cycles per step", starts)
        names, dt = prepared.names, prepared.dt
        if dt is None:
            return Signals(data, model, names, unit, 1.0, "steps", "cycles per step", starts)
        if prepared.known:
            return Signals(data, model, names, unit, dt, "time units", "cycles per time unit", starts)
        if prepared.time_unit not in ("", "s"):
            per = f"cycles per {prepared.time_unit}"
            return Signals(data, model, names, unit, dt, prepared.time_unit, per, starts)
        return Signals(data, model, names, unit, dt, "s", "Hz", starts)

    @cached_property
    def prepared(self) -> Prepared | None:
        """What the run keeps of its data; None where its task keeps nothing. StoreError if it is damaged: without it
        the rhythm of the pictures would be another one."""
        arrays, about = self.record.prepared()
        return Prepared.of(arrays, about) if arrays else None

    @cached_property
    def matrices(self) -> tuple[Matrix, ...]:
        """Those with a mask, or, if nothing is sparse, all that may be; one entry a gate."""
        masks, weights = self.record.masks(), self.record.weights()
        arrays = {p.path: np.asarray(get(weights, p.path)) for p in self.record.prunables()}
        picked = {p: a for p, a in arrays.items() if p in masks} or arrays
        return tuple(
            Matrix(path, gate if len(array) > 1 else None, weights, path in masks)
            for path, array in picked.items()
            for gate, weights in enumerate(array)
        )

    @cached_property
    def connectome(self) -> Connectome | Undefined:
        """Of the first cell, all gates together."""
        return self.spec.network.connectome(self.record.weights(), 0)

    @cached_property
    def observed(self) -> int:
        """How many of the first cell's first units are the recorded variables (identity read-out); else 0."""
        return max((p.observed for p in self.record.prunables() if p.path.startswith("cell0/")), default=0)
