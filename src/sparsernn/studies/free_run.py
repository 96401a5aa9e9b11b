"""A trained network on its own: from its test data, or from a history that a user has."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from sparsernn.errors import DataError, SpecError
from sparsernn.files.columns import matched
from sparsernn.files.series import Series
from sparsernn.measures.reconstruction import ReconstructionQuality
from sparsernn.missing import unmasked
from sparsernn.runs.record import Record
from sparsernn.tasks.observed import Observed
from sparsernn.tasks.prepared import FILTERS, Prepared
from sparsernn.training.run_spec import RunSpec, spec_of

MARK = "prepared: "
"""What the comment begins with by which a file says, to programs, what was done to its numbers."""

ELSEWHERE = 20
"""How many times as far from the mean as the test data the last row of a history may lie."""


class Generated(NamedTuple):
    """What a network did: `values` (steps, N), a row every `dt`, in the units of the data unless `standardized`.

    `starts` are the first rows of stretches (one a test stretch for `like_test`); `said` are sentences on what these
    numbers are, for a reader; `comments` are the same for a file, with one for programs (`preparation_of`).
    """

    values: np.ndarray
    names: tuple[str, ...]
    units: tuple[str, ...]
    dt: float | None
    time_unit: str
    starts: tuple[int, ...]
    said: tuple[str, ...]
    comments: tuple[str, ...]


def prepared_of(record: Record) -> Prepared:
    """The preparation that a run keeps. SpecError for a run of another task, StoreError where it is damaged."""
    _spec(record)
    return Prepared.of(*record.prepared())


def free_run(
    record: Record, steps: int, start: int | ArrayLike | Series = 0, *, standardized: bool = False
) -> Generated:
    """Let the network of a run go freely: (steps, N) rows that follow `start`.

    `start` is a row of the run's test stretch, or a history in the units and columns of the recording, put through the
    same preparation (`Prepared.prepare`). The columns are those the network sees: of a delay-embedded channel V one for
    each lag, ``V`` and ``V(t+7)``; the undelayed one is the recording's own. With `detrend` the numbers are without the
    slow drift, as the network's data are. One forward pass a step. SpecError for a row that is not there, DataError for
    a history that is too short or has other columns.
    """
    _positive(steps)
    spec, prepared = _spec(record), prepared_of(record)
    first, origin = start_points(prepared, start)
    values = _advance(record, spec, first, steps)
    said = (f"free run of {record.identity[:16]} from {origin}",)
    return _generated(prepared, record, values, (0,), said, standardized)


def start_points(prepared: Prepared, start: int | ArrayLike | Series) -> tuple[np.ndarray, str]:
    """The standardized row (N,) that a free run begins from, and words for it; see `free_run`."""
    if isinstance(start, int | np.integer):
        if not 0 <= start < len(prepared.test):
            raise SpecError(f"start: the test stretch has rows 0 to {len(prepared.test) - 1:,}, got {start:,}")
        return prepared.test[start], f"row {start:,} of its test stretch"
    rows, _ = prepared.prepare(_history(prepared, start))
    return prepared.standardized(rows[-1]), "the last rows of a history"


def like_test(record: Record) -> Generated:
    """A free run as long as the run's test stretch, begun as its measure begins the first one: stretch by stretch."""
    spec, prepared = _spec(record), prepared_of(record)
    quality = next((m for m in spec.measures if isinstance(m, ReconstructionQuality)), ReconstructionQuality())
    with jax.enable_x64(spec.precision == "float64"):
        weights = jax.tree.map(jnp.asarray, record.weights())
        runs = quality.generate(spec.network, weights, prepared.test, prepared.starts, prepared.trials)
    said = (f"free run of {record.identity[:16]} beside its test stretch",)
    return _generated(prepared, record, runs[0], prepared.starts, said, False)


def test_stretch(record: Record) -> Generated:
    """The run's own test data as prepared, in the units of the data: what its free runs are to be held against."""
    prepared = prepared_of(record)
    said = (f"test stretch of {record.identity[:16]}",)
    return _generated(prepared, record, prepared.test, prepared.starts, said, False)


def forecast(record: Record, history: ArrayLike | Series, steps: int) -> Generated:
    """The next `steps` rows after the last row of `history` (rows, channels), in units and columns of the recording.

    The history goes through the run's own preparation, which needs `Prepared.rows_needed` rows; older ones do not
    matter. A row of the forecast is one row of the network: with `every` that many rows of the recording later. With
    `smooth` it is the smoothed signal that is forecast. With `detrend` the slow drift of the last row is added back,
    taken to stay as it is. Of a delay-embedded channel there is one column, the channel itself: the network begins at
    the last row whose delays are all known, and the column that looks farthest ahead goes on behind the history.
    A forecast of a chaotic system is good for a few Lyapunov times. DataError as `free_run`.
    """
    _positive(steps)
    spec, prepared = _spec(record), prepared_of(record)
    rows, drift = prepared.prepare(_history(prepared, history))
    first = prepared.standardized(rows[-1])
    _refuse_elsewhere(prepared, first, rows[-1], history.source if isinstance(history, Series) else "the history")
    values = prepared.in_units(_advance(record, spec, first, steps))
    if prepared.lags is not None:
        values = values[:, [int(np.argmax(prepared.lags))]]
    values = values + drift
    needed = prepared.rows_needed
    last = "row" if needed == 1 else f"{needed:,} rows"
    said = [f"forecast by {record.identity[:16]} from the last {last} of a history"]
    said += ["the slow drift of the last row is taken to stay as it is"] if prepared.detrend else []
    said += ["the smoothed signal is forecast"] if prepared.smooth else []
    said += ["a row every " + _step(prepared)] if prepared.dt is not None else _rate(prepared)
    about = _about(prepared, record) | {"detrend": 0.0, "lags": None}
    units = prepared.units[: values.shape[1]]
    return Generated(
        values, prepared.channels, units, prepared.dt, prepared.time_unit, (0,), tuple(said), _comments(said, about)
    )


def preparation_of(comments: tuple[str, ...]) -> dict[str, Any] | None:
    """What the comments of a file say to programs: run, detrend, smooth, every, lags, standardized; None if nothing."""
    for comment in comments:
        if comment.startswith(MARK):
            try:
                about = json.loads(comment.removeprefix(MARK))
            except ValueError:
                return None
            return about if isinstance(about, dict) and {*FILTERS, "lags", "run"} <= set(about) else None
    return None


def _generated(
    prepared: Prepared,
    record: Record,
    values: np.ndarray,
    starts: tuple[int, ...],
    said: tuple[str, ...],
    standardized: bool,
) -> Generated:
    said = (*said, *prepared.preparation)
    about = _about(prepared, record)
    if standardized:
        said, about = (*said, "in standard deviations of the training data"), about | {"standardized": True}
    elif not prepared.preparation:
        said = (*said, "nothing was filtered or thinned")
    said = (*said, *_rate(prepared))
    return Generated(
        values if standardized else prepared.in_units(values),
        prepared.names,
        () if standardized else prepared.units,
        prepared.dt,
        prepared.time_unit,
        starts,
        said,
        _comments(said, about),
    )


def _rate(prepared: Prepared) -> list[str]:
    if prepared.every > 1 and prepared.dt is not None:
        return []  # said with the rows that were left out
    return (
        ["sampling interval unknown"]
        if prepared.dt is None
        else [f"dt {prepared.dt:.6g} {prepared.time_unit}".rstrip()]
    )


def _step(prepared: Prepared) -> str:
    return f"{prepared.dt:.6g} {prepared.time_unit}".rstrip()


def _about(prepared: Prepared, record: Record) -> dict[str, Any]:
    fields = {name: getattr(prepared, name) for name in (*FILTERS, "lags")}
    return {"run": record.identity[:16], **fields, "standardized": False}


def _comments(said: Any, about: dict[str, Any]) -> tuple[str, ...]:
    return (*said, MARK + json.dumps(about))


def _advance(record: Record, spec: RunSpec, first: np.ndarray, steps: int) -> np.ndarray:
    """(steps, N) standardized rows after `first`, in the precision that the run was trained in."""
    with jax.enable_x64(spec.precision == "float64"):
        weights = jax.tree.map(jnp.asarray, record.weights())
        states = spec.network.first_states(weights, jnp.asarray(first, dtype=float))
        return np.asarray(spec.network.run(weights, states, steps).outputs, dtype=float)


def _history(prepared: Prepared, history: ArrayLike | Series) -> np.ndarray:
    """The last rows of a history (rows, channels), as many as matter and the last stretch has, its columns in the order
    of the recording's."""
    if isinstance(history, Series):
        raw = None if prepared.dt is None else prepared.dt / prepared.every
        if raw is not None and history.dt is not None and abs(history.dt - raw) > 1e-6 * raw:
            raise DataError(
                f"{history.source} has a row every {history.dt:.6g}, the recording of this run one every {raw:.6g}: "
                "resample it, or give --dt (in Python dt=) where the file is wrong"
            )
        order = matched(prepared.channels, history.names, prepared.source, history.source)
        source, rows = history.source, history.values[history.starts[-1] :, order]
    else:
        source, rows = "the history", unmasked(history)
    values = np.asarray(rows, dtype=np.float64)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or values.shape[1] != len(prepared.channels):
        raise DataError(
            f"a history has shape (rows, {len(prepared.channels)}), columns {', '.join(prepared.channels)}; got "
            f"{values.shape}"
        )
    left_out = max(0, len(values) - prepared.rows_needed)  # what does not matter may be anything
    values = values[left_out:]
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise DataError(
            f"{source}: not finite in row {left_out + row:,}, column {prepared.channels[column]} (from 0, in its last "
            "stretch), which the last row depends on: fill it in, or end the history before it"
        )
    return values


def _refuse_elsewhere(prepared: Prepared, first: np.ndarray, row: np.ndarray, source: str) -> None:
    """DataError for a last row in another world than the data: a fill value, another unit. Of that the network knows
    nothing, and a forecast from there would be numbers without meaning."""
    reach = np.abs(prepared.test).max(axis=0)
    far = np.flatnonzero(np.abs(first) > ELSEWHERE * np.maximum(reach, 1e-9))
    if len(far):
        column = far[0]
        raise DataError(
            f"{source}: its last row, from which the forecast begins, has {row[column]:.6g} in column "
            f"{prepared.names[column]}, more than {ELSEWHERE} times as far out as all test data of the run: a fill "
            "value, or another unit? End the history before it, or give it in the recording's units"
        )


def _spec(record: Record) -> RunSpec:
    spec = spec_of(record)
    if not isinstance(spec.task, Observed):
        raise SpecError(
            f"{record.directory} was trained on {type(spec.task).__name__}; only a reconstructed system runs freely"
        )
    return spec


def _positive(steps: int) -> None:
    if steps < 1:
        raise SpecError(f"steps must be at least 1, got {steps}")
