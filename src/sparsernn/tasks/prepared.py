"""What was done to a recording before a network saw it, kept with the run so that it can be used without its data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

from sparsernn.dynamics.embedding import embed
from sparsernn.errors import DataError, SparseRNNError, StoreError

if TYPE_CHECKING:
    from sparsernn.tasks.observed import Recording

REACH = 4
"""Standard deviations after which a Gaussian filter is cut off (SciPy's default)."""
FILTERS = ("detrend", "smooth", "every")


class Prepared(NamedTuple):
    """The preparation of a reconstruction and its test stretch, as `Record.prepared` keeps them.

    `test` (T, N) standardized; in the data's units ``test * scale + mean``. `starts` are the first rows of its
    stretches, `trials` says that these begin where a trial does. `names` are the columns the network sees, `channels`
    those of the recording: the same without a delay embedding. `dt` is the interval of `test` (None: unknown), that of
    the recording is ``dt / every``. `lags` are in rows of `test`. `source` says what the data were, `file` where they
    lay ("" or several by line), `file_sha256` is its hash.
    """

    test: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    starts: tuple[int, ...]
    names: tuple[str, ...]
    channels: tuple[str, ...]
    units: tuple[str, ...]
    dt: float | None
    time_unit: str
    lags: tuple[int, ...] | None
    embedding: str
    detrend: float
    smooth: float
    every: int
    standardize: bool
    trials: bool
    known: bool
    source: str
    file: str
    file_sha256: str

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> Prepared:
        """From what `Observed.keepsake` gave. StoreError where they are not that."""
        try:
            about = {name: json.loads(metadata[name]) for name in _PLAIN}
            for name in ("names", "channels", "units"):
                about[name] = tuple(str(text) for text in about[name])
            about["lags"] = None if about["lags"] is None else tuple(int(lag) for lag in about["lags"])
            values: dict[str, Any] = {
                name: np.asarray(arrays[name], dtype=np.float64) for name in ("test", "mean", "scale")
            }
            found = cls(**values, starts=tuple(int(s) for s in arrays["starts"]), **about)
            width = len(found.names)
            if found.test.shape[1:] != (width,) or found.mean.shape != (width,) or found.scale.shape != (width,):
                raise ValueError(f"{width} names do not fit arrays of shape {found.test.shape}")
            return found
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"this run keeps no preparation of a recording ({error}); run the same command again"
            ) from None

    @property
    def preparation(self) -> tuple[str, ...]:
        """What was done to the data, a sentence each; empty if nothing was."""
        return sentences(self)

    @property
    def rows_needed(self) -> int:
        """Rows of the recording, at its own rate, that one row of the network's input depends on (see `prepare`)."""
        return 1 + max(self.lags or (0,)) * self.every + sum(_reach(sd) for sd in (self.detrend, self.smooth))

    def in_units(self, values: np.ndarray) -> np.ndarray:
        """Standardized rows (..., N) in the units of the data."""
        return values * self.scale + self.mean

    def standardized(self, values: np.ndarray) -> np.ndarray:
        """The inverse of `in_units`."""
        return (values - self.mean) / self.scale

    def prepare(self, history: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(rows, drift): a recording (T, channels) as the network sees it, in the data's units, its last row last; and
        the slow drift (channels,) that was subtracted from that last row (0 without `detrend`).

        The filters are those of the training. At the end of a history they see no later rows, as at the end of every
        stretch that the network was trained on: rows beyond it are taken to mirror those before. Only the last
        `rows_needed` rows matter for the last row. DataError, with that number, for fewer.
        """
        values = np.asarray(history, dtype=np.float64)
        if len(values) < self.rows_needed:
            raise DataError(
                f"{len(values):,} rows are too few to begin from: this run needs the last {self.rows_needed:,} rows"
                + self._why_so_many()
            )
        values, drift = filtered(values, self.detrend, self.smooth)
        values = values[(len(values) - 1) % self.every :: self.every]
        return (values if self.lags is None else embedded(values, self.lags)), drift[-1]

    def _why_so_many(self) -> str:
        parts = [f"lags up to {max(self.lags)} rows"] if self.lags and max(self.lags) else []
        parts += [f"one row of {self.every} kept"] if self.every > 1 and parts else []
        parts += [f"{name} {getattr(self, name):g}" for name in ("detrend", "smooth") if getattr(self, name)]
        return f" ({', '.join(parts)})" if parts else ""

    def changed_since(self) -> str | None:
        """A sentence if the recording lies where it did and is another one now; None if it is the same, or gone."""
        files = [Path(line) for line in self.file.splitlines()]
        if not files or not self.file_sha256 or not all(path.is_file() for path in files):
            return None
        if hash_of(files) == self.file_sha256:
            return None
        return (
            f"{', '.join(map(str, files))} has changed since this run was trained on it (another sha256): all "
            "numbers are those that the run keeps, not the file's"
        )


def hash_of(files: Sequence[Path]) -> str | None:
    """The sha256 that `read_series` gives of these files; None if they cannot be read."""
    from sparsernn.files.limits import sha256_of
    from sparsernn.files.wfdb_record import signal_files

    try:
        parts = [[path, *signal_files(path)] if path.suffix.lower() == ".hea" else [path] for path in files]
        return sha256_of(*(path for part in parts for path in part))
    except (OSError, SparseRNNError):
        return None


_PLAIN = tuple(name for name in Prepared._fields if name not in ("test", "mean", "scale", "starts"))


def keepsake(recording: Recording, done: Mapping[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Arrays and metadata (JSON texts) of `Prepared`; `done` has `detrend`, `smooth`, `every`, `standardize`, `file`,
    `known`."""
    about: dict[str, Any] = {
        name: getattr(recording, name)
        for name in ("names", "channels", "units", "dt", "time_unit", "lags", "embedding", "trials", "source")
    }
    about |= {**done, "file_sha256": recording.sha256}
    arrays = {"test": recording.test, "mean": recording.mean, "scale": recording.scale}
    arrays = {name: np.asarray(array, dtype=np.float64) for name, array in arrays.items()}
    arrays["starts"] = np.array(recording.starts["test"], dtype=np.int64)
    return arrays, {name: json.dumps(about[name]) for name in _PLAIN}


def sentences(about: Any) -> tuple[str, ...]:
    """What `detrend`, `smooth`, `every`, `lags` of `about` (with `dt` after it, `time_unit`, `channels`) did."""
    dt = None if about.dt is None else about.dt / about.every
    found = []
    if about.detrend:
        found.append(
            f"slow drift removed, a Gaussian mean of {_rows(about.detrend, dt, about.time_unit)} (sd) subtracted"
        )
    if about.smooth:
        found.append(f"smoothed by a Gaussian of {_rows(about.smooth, dt, about.time_unit)} (sd)")
    if about.every > 1:
        rate = "" if about.dt is None else f": dt {about.dt:.6g} {about.time_unit}".rstrip()
        found.append(f"one row of {about.every} kept{rate}")
    if about.lags is not None:
        listed = ", ".join(map(str, about.lags))
        found.append(f"delay embedding of {about.channels[0]}, lags {listed} rows")
    return tuple(found)


def filtered(values: np.ndarray, detrend: float, smooth: float) -> tuple[np.ndarray, np.ndarray]:
    """One stretch (T, N) without its moving Gaussian mean and smoothed; and that mean (T, N), 0 where none is taken."""
    drift = gaussian_filter1d(values, detrend, axis=0) if detrend else np.zeros_like(values)
    values = values - drift if detrend else values
    return (gaussian_filter1d(values, smooth, axis=0) if smooth else values), drift


def embedded(values: np.ndarray, lags: Sequence[int]) -> np.ndarray:
    """Rows (t + lag) of one column, (T, 1) to (T - max lag, lags); one row suffices."""
    longest = max(lags)
    if len(values) == longest + 1:
        return values[list(lags), 0][None, :]
    return embed(values[:, 0], lags)


def _reach(sd: float) -> int:
    return int(REACH * sd + 0.5) if sd else 0


def _rows(sd: float, dt: float | None, time_unit: str) -> str:
    return f"{sd:.4g} rows" + ("" if dt is None else f" = {sd * dt:.4g} {time_unit}".rstrip())
