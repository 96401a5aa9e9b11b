"""One generated series against one reference: geometry (D_stsp) and rhythms (D_H), each with floor and ceiling."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsernn.dynamics import divergence as stsp
from sparsernn.dynamics.box import checked_reference
from sparsernn.dynamics.definition import Definition, definition_for
from sparsernn.dynamics.spectra import spectral_distance
from sparsernn.errors import DataError, Undefined


class Bound(NamedTuple):
    """A floor or a ceiling of both measures, and what it is."""

    d_stsp: float | Undefined
    d_h: float | Undefined
    what: str


class Comparison(NamedTuple):
    """What `compare` found; D_stsp in nats, D_H from 0 to 1."""

    d_stsp: float | Undefined
    d_h: float | Undefined
    d_h_per_dimension: list[float | Undefined]
    inside_fraction: float
    escaped: bool
    floor: Bound
    ceiling: Bound
    definition: Definition
    padding: str
    sigma: float
    sigma_hz: float | None
    rows: tuple[int, int]
    rows_compared: int

    def describe(self) -> list[str]:
        """What was measured, one sentence a line."""
        hertz = "" if self.sigma_hz is None else f" = {self.sigma_hz:.4g} cycles per unit of dt"
        lines = [
            f"D_stsp: {self.definition.describe()}",
            f"D_H: spectra smoothed over {self.sigma:.4g} frequency bins{hertz}, padding {self.padding}",
            f"floor: {self.floor.what}",
            f"ceiling: {self.ceiling.what}",
        ]
        if self.rows[0] != self.rows[1]:
            lines.append(f"D_H compares the first {self.rows_compared} rows of both; D_stsp all {self.rows}")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: an undefined number is None, its reason under `undefined` by dotted name."""
        undefined: dict[str, str] = {}

        def plain(name: str, value: Any) -> Any:
            if isinstance(value, Undefined):
                undefined[name] = str(value)
                return None
            return value

        out = {
            "d_stsp": plain("d_stsp", self.d_stsp),
            "d_h": plain("d_h", self.d_h),
            "d_h_per_dimension": [plain(f"d_h_per_dimension.{i}", d) for i, d in enumerate(self.d_h_per_dimension)],
            "definition": self.definition.to_dict()
            | {"padding": self.padding, "sigma": self.sigma, "sigma_hz": self.sigma_hz, "text": self.describe()},
            "inside_fraction": self.inside_fraction,
            "escaped": self.escaped,
            "floor": {name: plain(f"floor.{name}", value) for name, value in self.floor._asdict().items()},
            "ceiling": {name: plain(f"ceiling.{name}", value) for name, value in self.ceiling._asdict().items()},
            "rows": {"reference": self.rows[0], "generated": self.rows[1], "d_h": self.rows_compared},
        }
        return out | ({"undefined": undefined} if undefined else {})


def compare(
    reference: ArrayLike,
    generated: ArrayLike,
    *,
    estimator: str | None = None,
    bins: int | None = None,
    box: str | None = None,
    variance: float | None = None,
    padding: str = "mirror",
    preset: str | None = None,
    dt: float | None = None,
    sigma_hz: float | None = None,
    second_reference: ArrayLike | None = None,
) -> Comparison:
    """How well a generated series (T', N) matches a reference (T, N), in the same units and at the same interval.

    D_stsp under `definition_for(min(T, T'), N, preset, …)` from all points; D_H from the first min(T, T') rows,
    smoothed over 20 frequency bins or `sigma_hz`. Values of the generated series that are not finite count as escape in
    D_stsp and leave D_H undefined.

    The floor is what a perfect model should be expected to score. With a `second_reference` (another true series of the
    same system): the measures between both, at the generated length as far as it reaches. Without one: between the end
    and the beginning of the reference, min(T', T // 2) rows long at the end (D_stsp) or both (D_H). For D_stsp
    stretches shorter than the series make that an upper bound. For D_H the number of frequency bins smoothed over is
    kept, not their width, so that the spectra are as noisy as at full length. Ceiling: a run that shares no place with
    the reference; disjoint spectra. O(T log T) plus the estimator's cost.

    Raises `DataError` for an unusable reference or series that do not fit, `SpecError` for bad settings.
    """
    true = checked_reference(reference)
    other = _checked_like(generated, true, "generated series")
    second = None if second_reference is None else _checked_like(second_reference, true, "second reference")
    rows = min(len(true), len(other))
    definition = definition_for(rows, true.shape[1], preset, estimator=estimator, bins=bins, box=box, variance=variance)
    spectral = spectral_distance(true[:rows], other[:rows], sigma_hz=sigma_hz, padding=padding, dt=dt)
    prepared = stsp.prepare(true, definition)
    found = stsp.assess(prepared, other)

    def d_h(a: NDArray[Any], b: NDArray[Any]) -> float | Undefined:
        return spectral_distance(a, b, sigma=spectral.sigma, padding=padding).mean

    if second is None:
        length = min(len(other), len(true) // 2)
        floor = Bound(
            stsp.floor(true, definition, len(other)),
            d_h(true[:length], true[-length:]) if length > 1 else Undefined("the reference has fewer than 4 rows"),
            f"two stretches of the reference, the last {length} rows against the rows before"
            + (" (shorter than the series compared, so an upper bound)" if length < len(other) else ""),
        )
    else:
        length = min(rows, len(second))
        floor = Bound(
            stsp.floor(true, definition, len(other), second),
            d_h(true[:length], second[:length]),
            f"the reference against a second true series of {min(len(other), len(second))} rows",
        )
    ceiling = Bound(
        stsp.ceiling(prepared, len(other)), 1.0, "a run that never comes near the reference; spectra without overlap"
    )
    return Comparison(
        found.d_stsp,
        spectral.mean,
        spectral.per_dimension,
        found.inside_fraction,
        found.escaped,
        floor,
        ceiling,
        definition,
        padding,
        spectral.sigma,
        spectral.sigma_hz,
        (len(true), len(other)),
        rows,
    )


def _checked_like(values: ArrayLike, reference: NDArray[Any], name: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.ndim != 2 or array.shape[1] != reference.shape[1] or len(array) < 2:
        raise DataError(
            f"the {name} must have shape (at least 2 rows, {reference.shape[1]} columns) like the reference "
            f"{reference.shape}, got {array.shape}: choose the same columns of both"
        )
    return array
