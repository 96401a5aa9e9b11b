"""A trained network in the hands of a Python program: numbers, free runs, forecasts, arrays, wiring."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsernn.errors import DataError, Number, SpecError, StoreError, Undefined
from sparsernn.files.series import Series
from sparsernn.missing import unmasked
from sparsernn.report.grade import Grade
from sparsernn.report.graded import of_numbers
from sparsernn.report.runs import by_task, find, numbers
from sparsernn.report.write import write
from sparsernn.runs.record import Outcome, Record
from sparsernn.runs.store import MARKER
from sparsernn.studies import free_run as freely
from sparsernn.studies.history import history_of
from sparsernn.studies.numpy_source import Source, numpy_source
from sparsernn.studies.which import name_of, picked
from sparsernn.studies.wiring import graph
from sparsernn.tasks.observed import is_observed
from sparsernn.tasks.prepared import Prepared
from sparsernn.training.run_spec import RunSpec, spec_of
from sparsernn.weights import flatten

if TYPE_CHECKING:
    import networkx as nx

BASELINES = "baselines/"
Floats = NDArray[np.float64]


class Model:
    """One network that was trained to be the system behind a recording; it needs the recording no more.

    Made by `sparsernn.reconstruct` and `Model.load`. Rows are in the units and columns of the recording, (rows,
    columns) float64. Of a one-column recording that was delay-embedded there is one column, unless `embedded`.

    >>> model = sparsernn.Model.load("my-run")
    >>> free = model.free_run(1_000)
    >>> free.shape, free.dtype
    ((1000, 2), dtype('float64'))
    >>> model.verdict.grade in ("excellent", "good", "partial", "failed", "undecidable")
    True
    """

    def __init__(
        self,
        record: Record,
        directory: str | Path | None = None,
        records: Sequence[Record] = (),
        notes: Sequence[str] = (),
        name: str = "",
    ):
        self.record = record
        """The run directory: history, measures, evidence, environment."""
        self.directory = record.directory if directory is None else Path(directory)
        """What `Model.load` takes: the `out` of `reconstruct`, or a run directory."""
        self.notes = tuple(notes)
        """Sentences on what was found in the data and chosen for the user."""
        self.name = name or name_of(record)
        """Which of the networks in `directory` it is: ``geometric, round 2, seed 0``."""
        self._records = tuple(records) or (record,)

    @classmethod
    def load(cls, directory: str | Path, which: str | None = None) -> Model:
        """The network in an `out` directory of `reconstruct` (of Python or the command line), a store of runs, or a
        run directory; the recording is not needed.

        It is the last round. Of several (criteria, seeds) `which` picks one, by its name or a part of it ("geometric",
        "seed 1") or the beginning of its directory's name; of those that remain the one with the lowest D_stsp on the
        validation stretch is taken. `name` says which it is. StoreError where there is no run, SpecError where `which`
        names none.

        >>> sparsernn.Model.load("my-run", which="seed 0").name
        'magnitude, round 1, seed 0'
        """
        if not isinstance(directory, str | PathLike):
            raise SpecError(f"directory is a path, got {directory!r}")
        place = Path(directory)
        try:
            store = place / "runs" if (place / "runs" / MARKER).is_file() else place
            alone, known = (store / "spec.json").is_file(), (store / MARKER).is_file()
        except OSError as error:  # a name that is too long
            raise StoreError(f"{str(place)[:200]} cannot be read: {error.strerror}") from None
        if alone:
            return cls._of([Record(store)], place, which)
        if not known:
            raise StoreError(
                f"{directory} holds no runs; give the out directory of a reconstruction, or one run's directory"
            )
        return cls._of(find([store]), place, which)

    @classmethod
    def _of(cls, records: Sequence[Record], place: Path, which: str | None, notes: Sequence[str] = ()) -> Model:
        fitting = [record for record in records if is_observed(record.spec["task"])]
        if not fitting:
            raise SpecError(f"{place} holds no reconstruction, and only a reconstructed system is a Model; see Record")
        name, record = picked(fitting, place, which)
        return cls(record, place, fitting, notes, name)

    # ------------------------------------------------------------------------------------------------- what it is

    def __repr__(self) -> str:
        """Two lines: what it is, and how good."""
        cell = self._spec.network.cells[0]
        kind = type(cell).registry.name_of(type(cell))
        columns = self.columns if len(self.columns) <= 6 else (*self.columns[:5], f"… {len(self.columns)} in all")
        rate = "" if self.dt is None else f", dt {self.dt:.6g} {self._prepared.time_unit}".rstrip()
        return (
            f"Model of {self._prepared.source} ({', '.join(columns)}{rate}): {kind}, {cell.hidden} units, "
            f"{self._connections()}\n{self._how_good()}; {self.name}; {self.record.directory}"
        )

    def _connections(self) -> str:
        try:
            sizes = [(int(np.count_nonzero(m)), m.size) for p, m in self.masks().items() if p == "cell0/recurrent"]
        except StoreError:
            return "no weights yet"
        return ", ".join(f"{remaining:,} of {size:,} recurrent weights" for remaining, size in sizes)

    def _how_good(self) -> str:
        if not self.numbers:
            return f"{self.outcome.name}, not measured"
        said = [f"{key} {_short(self.numbers[key])}" for key in ("d_stsp", "d_h") if key in self.numbers]
        bounds = [
            f"{b} {_short(self.numbers[k])}" for b in ("floor", "ceiling") if (k := f"d_stsp_{b}") in self.numbers
        ]
        return f"{self.verdict.grade}: {', '.join(said)}" + (f" (d_stsp {', '.join(bounds)})" if bounds else "")

    @cached_property
    def _spec(self) -> RunSpec:
        return spec_of(self.record)

    @cached_property
    def _prepared(self) -> Prepared:
        return freely.prepared_of(self.record)

    @property
    def columns(self) -> tuple[str, ...]:
        """The recording's columns, in order."""
        return self._prepared.channels

    @property
    def units(self) -> tuple[str, ...]:
        """A unit a column, "" where unknown; empty if none is known."""
        return self._prepared.units[: len(self.columns)]

    @property
    def dt(self) -> float | None:
        """The interval from one row of `free_run` to the next (with `every` that many rows of the recording)."""
        return self._prepared.dt

    @property
    def rows_needed(self) -> int:
        """How many last rows of a history count for `forecast`; fewer are refused."""
        return self._prepared.rows_needed

    @property
    def outcome(self) -> Outcome:
        """How the training ended."""
        return self.record.outcome

    @cached_property
    def rounds(self) -> tuple[Model, ...]:
        """The networks of all rounds that are there, first to last: from the dense one to this one, unless this round
        was copied alone."""
        kept = self.record.kept().rounds
        return tuple(self if r is kept[-1] else Model(r, self.directory) for r in kept)

    @property
    def dense(self) -> Model:
        """The network before any weight was removed. StoreError where that round is not there."""
        if self.rounds[0].record.round > 0:
            self.record.lineage()  # says which directory is missing
        return self.rounds[0]

    # --------------------------------------------------------------------------------------------------- how good

    @cached_property
    def numbers(self) -> dict[str, Number]:
        """The test stretch's numbers: those of the measure `reconstruction` by their names (``d_stsp``, ``d_h``,
        ``prediction_error``, ``d_stsp_floor``, …), those of other measures with theirs in front (``score/mse``).
        `Undefined` where a number does not exist; empty for a training that did not come to its end."""
        found = numbers(self.record, "test")
        return {k.removeprefix("reconstruction/"): v for k, v in found.items() if not k.startswith(BASELINES)}

    @cached_property
    def verdict(self) -> Grade:
        """(grade, reasons): ``excellent``, ``good``, ``partial``, ``failed`` or ``undecidable``, from the numbers of
        network and baselines on the test stretch."""
        return of_numbers(self.outcome, numbers(self.record, "test"))

    @cached_property
    def baselines(self) -> list[dict[str, Any]]:
        """What models that take seconds score on the same data: ``name``, ``d_stsp``, ``d_h``, ``prediction_error``,
        ``parameters``, ``seconds`` and more; empty where they were not taken."""
        found: dict[str, dict[str, Any]] = {}
        for key, value in numbers(self.record, "test").items():
            if key.startswith(BASELINES):
                name, _, what = key.removeprefix(BASELINES).partition("/")
                found.setdefault(name, {"name": name})[what] = value
        return list(found.values())

    def report(self, path: str | Path) -> Path:
        """Write the page on all networks of this reconstruction as one HTML file at `path`; the path. Some seconds.

        >>> model.report("page.html").name
        'page.html'
        """
        path = Path(path)
        title = f"Reconstruction of {Path(self._prepared.source).name}"
        write(by_task(self._records), path, None, None, title, self.notes)
        return path

    # -------------------------------------------------------------------------------------------------- let it run

    def free_run(self, steps: int, start: int | ArrayLike | None = None, *, embedded: bool = False) -> Floats:
        """(steps, columns): the system as the network does it, from the row after `start` on, in the data's units.

        `start` is the number of a row of the test stretch (None: the first), or a history (rows, columns) whose last
        `rows_needed` rows are prepared as the training data were; one row alone will do where nothing is filtered or
        embedded. Of a delay-embedded recording the one column is the recording's own; `embedded` gives all delays. What
        was subtracted by `detrend` is not in it. One forward pass a step. DataError for a history that is too short,
        not finite or has other columns, SpecError for a row that is not there.

        >>> model.free_run(5, start=history).shape
        (5, 2)
        """
        beginning = 0 if start is None else start if _is_row(start) else self._history(start)
        generated = freely.free_run(self.record, _count(steps), cast(Any, beginning))
        return self._own(generated.values, embedded)

    def forecast(self, history: ArrayLike | Series, steps: int) -> Floats:
        """(steps, columns): what follows the last row of `history` (rows, columns), in the data's units.

        `history` is an array, a DataFrame with the recording's columns (by name), or a path. Only its last
        `rows_needed` rows count. A row of the result is one step of the network, `dt` after the one before. Of a
        delay-embedded recording it is the column that goes on behind the history. A forecast of a chaotic system is
        good for a few Lyapunov times. DataError as `free_run`.

        >>> model.forecast(history, 50).shape
        (50, 2)
        """
        values = freely.forecast(self.record, self._history(history), _count(steps)).values
        return np.ascontiguousarray(values, dtype=np.float64)

    def init_state(self, start: int | ArrayLike | None = None) -> Floats:
        """The state (dim,) that a free run begins from, for `step`; `start` as for `free_run`."""
        beginning = 0 if start is None else start if _is_row(start) else self._history(start)
        first, _ = freely.start_points(self._prepared, cast(Any, beginning))
        network = self._spec.network
        with self._precision():
            return _float64(network.flatten(network.first_states(self._arrays, jnp.asarray(first, dtype=float))))

    def step(self, state: ArrayLike) -> Floats:
        """The state (..., dim) one step later. All units (an LSTM's hidden units, then its memory cells), standardized;
        computed in the precision of the training. `numpy_source` gives the same as text to copy.

        >>> state = model.step(model.init_state())
        >>> bool(abs(model.read(state) - model.free_run(1)[0]).max() < 1e-5)
        True
        """
        network = self._spec.network
        with self._precision():
            states = network.unflatten(self._state(state))
            return _float64(network.flatten(network.step(self._arrays, states, None)))

    def read(self, state: ArrayLike, *, embedded: bool = False) -> Floats:
        """The row (..., columns) in the data's units that goes with a state (..., dim)."""
        network = self._spec.network
        with self._precision():
            units = network.cells[-1].outputs(network.unflatten(self._state(state))[-1])
            seen = _float64(network.read(self._arrays, units))
        return self._own(self._prepared.in_units(seen), embedded)

    def numpy_source(self, weights: str | Path | None = None) -> Source:
        """`start`, `step` and `read` as a few lines of NumPy to copy; they read the file of weights and need nothing of
        this library. `weights` is the path that is written into the text (None: where the file lies now).

        >>> names = {}
        >>> exec(model.numpy_source(), names)
        >>> state = names["step"](names["init_state"](history[-1]))
        >>> bool(abs(names["read"](state) - model.forecast(history, 1)[0]).max() < 1e-5)
        True
        """
        path = (self.record.directory / "weights.safetensors").resolve() if weights is None else weights
        about = (
            f"{self.name}: start(x) gives the state of a row x ({', '.join(self._prepared.names)}), step the next, "
            "read a row again"
        )
        return numpy_source(self._spec.network.cells[0], path, self._prepared.mean, self._prepared.scale, about)

    # ------------------------------------------------------------------------------------------------- what is inside

    def weights(self) -> dict[str, np.ndarray]:
        """Path to array, as in ``weights.safetensors``: ``cell0/recurrent`` (gates, target, source), …, masked."""
        return {path: np.array(array) for path, array in flatten(self.record.weights()).items()}

    def masks(self) -> dict[str, NDArray[np.bool_]]:
        """Path to a boolean array for every matrix that may be pruned: which weights exist. All, where none was."""
        known = self.record.masks()
        return {p.path: np.array(known.get(p.path, np.ones(p.shape, bool)), bool) for p in self.record.prunables()}

    def graph(self, gate: int | str | None = None) -> nx.DiGraph:
        """The wiring as a networkx DiGraph, an edge source -> target for every weight, with `weight` and `sign`; nodes
        have `kind`, `observed` and `name` (`sparsernn.studies.wiring.graph`). Of a gated cell the absolute values of
        all gates are summed (`sign` 0) unless `gate` picks one.

        >>> model.graph().nodes[0]
        {'kind': 'unit', 'observed': True, 'name': 'x'}
        """
        return graph(self._spec.network, self.record.weights(), self._prepared.names, gate)

    # --------------------------------------------------------------------------------------------------------- helpers

    @cached_property
    def _arrays(self) -> Any:
        with self._precision():
            return jax.tree.map(jnp.asarray, self.record.weights())

    def _precision(self) -> Any:
        return jax.enable_x64(self._spec.precision == "float64")

    def _state(self, state: ArrayLike) -> jax.Array:
        given = unmasked(state).astype(np.float64)
        size = sum(leaf.shape[-1] for leaf in jax.tree.leaves(self._spec.network.zeros(())))
        if given.ndim == 0 or given.shape[-1] != size:
            raise DataError(f"a state has shape (..., {size}), got {given.shape}; start() makes one")
        return jnp.asarray(given, dtype=float)

    def _own(self, values: np.ndarray, embedded: bool) -> Floats:
        """Of what the network sees the recording's own columns."""
        lags = self._prepared.lags
        if lags is not None and not embedded:
            values = values[..., [int(np.argmin(lags))]]
        return np.ascontiguousarray(values, dtype=np.float64)

    def _history(self, history: Any) -> Any:
        return history_of(history, self.columns)


def _is_row(start: Any) -> bool:
    """Whether it is the number of a row."""
    if isinstance(start, bool | np.bool_):
        raise SpecError(f"start is a row of the test stretch or a history, got {start}")
    return isinstance(start, int | np.integer)


def _count(steps: Any) -> int:
    try:
        return operator.index(steps)
    except TypeError:
        raise SpecError(f"steps is a whole number of 1 or more, got {steps!r}") from None


def _float64(array: jax.Array) -> Floats:
    return np.asarray(array).astype(np.float64)


def _short(value: Number) -> str:
    return "undefined" if isinstance(value, Undefined) else f"{value:.3g}"
