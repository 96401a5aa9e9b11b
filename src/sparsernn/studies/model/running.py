"""A `Model` let run: freely, as a forecast, or one step at a time."""

from __future__ import annotations

import operator
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any, SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from sparsernn.errors import DataError, SpecError
from sparsernn.files.series import Series
from sparsernn.missing import unmasked
from sparsernn.studies import free_run as freely
from sparsernn.studies.history import history_of
from sparsernn.studies.model.held import Floats, Held
from sparsernn.weights import Weights

Start = int | ArrayLike | Series | None
"""Where a free run begins: after a row of the test stretch, or after a history; None: after the first row."""


class Running(Held):
    """The part of a `Model` that runs it. Rows are in the units of the recording, float64."""

    def free_run(self, steps: int, start: Start = None, *, embedded: bool = False) -> Floats:
        """Run the network on its own output, and return what the recorded columns do, (steps, columns).

        Args:
            steps: how many rows, `dt` apart.
            start: the run goes on behind this: the number of a row of the test stretch (None: 0), or a history (rows,
                columns), of which the last `rows_needed` rows are prepared as the training data were. One row is
                enough where nothing was filtered or delay-embedded.
            embedded: of a delay-embedded recording give all delays, not its own column alone.

        Returns:
            Rows in the units of the data, without the slow drift that `detrend` subtracted.

        Raises:
            DataError: for a history that is too short, not finite, or has other columns.
            SpecError: for a row that is not there.

        >>> model.free_run(5, start=history).shape
        (5, 2)
        """
        generated = freely.free_run(self.record, _count(steps), self._beginning(start))
        return self._own(generated.values, embedded)

    def forecast(self, history: ArrayLike | Series, steps: int) -> Floats:
        """Return what follows the last row of a history, (steps, columns).

        A forecast of a chaotic system is good for a few Lyapunov times.

        Args:
            history: (rows, columns), an array, a DataFrame with the recording's columns (by name), or a path. Only the
                last `rows_needed` rows count.
            steps: how many rows, `dt` apart.

        Returns:
            Rows in the units of the data. Of a delay-embedded recording they go on behind the last row of its own
            column.

        Raises:
            DataError: as `free_run`.

        >>> model.forecast(history, 50).shape
        (50, 2)
        """
        values = freely.forecast(self.record, self._history(history), _count(steps)).values
        return np.ascontiguousarray(values, dtype=np.float64)

    def init_state(self, start: Start = None) -> Floats:
        """Return the state (dim,) that a free run begins from, for `step`. `start` is that of `free_run`."""
        first, _ = freely.start_points(self._prepared, self._beginning(start))
        network = self._spec.network
        with self._precision():
            return _float64(network.flatten(network.first_states(self._arrays, jnp.asarray(first, dtype=float))))

    def step(self, state: ArrayLike) -> Floats:
        """Return the state one step later, (..., dim) for (..., dim).

        A state lists all units, standardized; of an LSTM the hidden units, then the memory cells. It is computed in the
        precision of the training. `numpy_source` gives the same as text to copy.

        >>> state = model.step(model.init_state())
        >>> bool(abs(model.read(state) - model.free_run(1)[0]).max() < 1e-5)
        True
        """
        network = self._spec.network
        with self._precision():
            states = network.unflatten(self._state(state))
            return _float64(network.flatten(network.step(self._arrays, states, None)))

    def read(self, state: ArrayLike, *, embedded: bool = False) -> Floats:
        """Return the row (..., columns), in the units of the data, that belongs to a state (..., dim)."""
        network = self._spec.network
        with self._precision():
            units = network.cells[-1].outputs(network.unflatten(self._state(state))[-1])
            seen = _float64(network.read(self._arrays, units))
        return self._own(self._prepared.in_units(seen), embedded)

    # --------------------------------------------------------------------------------------------------------- helpers

    @cached_property
    def _arrays(self) -> Weights:
        with self._precision():
            return jax.tree.map(jnp.asarray, self.record.weights())

    def _precision(self) -> AbstractContextManager[None]:
        return jax.enable_x64(self._spec.precision == "float64")

    def _state(self, state: ArrayLike) -> jax.Array:
        given = unmasked(state).astype(np.float64)
        size = sum(leaf.shape[-1] for leaf in jax.tree.leaves(self._spec.network.zeros(())))
        if given.ndim == 0 or given.shape[-1] != size:
            raise DataError(f"a state has shape (..., {size}), got {given.shape}; init_state() makes one")
        return jnp.asarray(given, dtype=float)

    def _own(self, values: np.ndarray, embedded: bool) -> Floats:
        """The recording's own columns, of those that the network sees."""
        lags = self._prepared.lags
        if lags is not None and not embedded:
            values = values[..., [int(np.argmin(lags))]]
        return np.ascontiguousarray(values, dtype=np.float64)

    def _beginning(self, start: Start) -> Any:
        if start is None:
            return 0
        if isinstance(start, bool | np.bool_):
            raise SpecError(f"start is a row of the test stretch or a history, got {start}")
        return start if isinstance(start, int | np.integer) else self._history(start)

    def _history(self, history: ArrayLike | Series) -> Any:
        return history_of(history, self.columns)


def _count(steps: SupportsIndex) -> int:
    try:
        return operator.index(steps)
    except TypeError:
        raise SpecError(f"steps is a whole number of 1 or more, got {steps!r}") from None


def _float64(array: jax.Array) -> Floats:
    return np.asarray(array).astype(np.float64)
