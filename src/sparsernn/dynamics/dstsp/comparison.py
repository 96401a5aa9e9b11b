"""Comparing a generated series with a reference: D_stsp for geometry, D_H for rhythms, each with floor and ceiling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsernn.dynamics.dstsp import divergence as stsp
from sparsernn.dynamics.dstsp.box import checked_reference
from sparsernn.dynamics.dstsp.definition import Definition, definition_for
from sparsernn.dynamics.oddities.outliers import outliers, yardsticks
from sparsernn.dynamics.power_spectrum import SpectralDistance, blindness, spectral_distance
from sparsernn.errors import DataError, Undefined
from sparsernn.missing import unmasked

NEAR_CEILING = 0.8
"""A floor above this share of the ceiling leaves no room between a good run and a bad one."""


class Bound(NamedTuple):
    """A floor or a ceiling: its value of `d_stsp` (nats) and of `d_h`, and in words what series it is of."""

    d_stsp: float | Undefined
    d_h: float | Undefined
    what: str


class Comparison(NamedTuple):
    """The result of `compare`.

    Args:
        d_stsp: in nats.
        d_h: from 0 to 1, the mean over columns.
        d_h_per_dimension: D_H of every column.
        inside_fraction: share of the generated points in the definition's box.
        escaped: whether the generated series has left for good; of several stretches the share that has.
        floor: the values to expect of a perfect model.
        ceiling: the values of a run that shares nothing with the reference.
        definition: which D_stsp is meant.
        padding: how spectra treat the ends of a series.
        sigma: width of the smoothing of spectra, in frequency bins.
        sigma_hz: the same in cycles per unit of `dt`; None if `dt` is not known.
        rows: of the reference and of the generated series.
        rows_compared: how many rows of each D_H is taken of.
        d_stsp_error: Monte-Carlo standard error of `d_stsp`; None for binning, which draws nothing.
        warnings: where the numbers cannot be trusted.
    """

    d_stsp: float | Undefined
    d_h: float | Undefined
    d_h_per_dimension: list[float | Undefined]
    inside_fraction: float
    escaped: bool | float
    floor: Bound
    ceiling: Bound
    definition: Definition
    padding: str
    sigma: float
    sigma_hz: float | None
    rows: tuple[int, int]
    rows_compared: int
    d_stsp_error: float | None = None
    warnings: tuple[str, ...] = ()

    def describe(self) -> list[str]:
        """Describe what was measured, one line for each sentence."""
        hertz = "" if self.sigma_hz is None else f" = {self.sigma_hz:.4g} cycles per unit of dt"
        lines = [
            f"D_stsp: {self.definition.describe()}",
            f"D_H: spectra smoothed over {self.sigma:.4g} frequency bins{hertz}, padding {self.padding}",
            f"floor: {self.floor.what}",
            f"ceiling: {self.ceiling.what}",
        ]
        if self.d_stsp_error is not None:
            lines.append(f"D_stsp is drawn: its Monte-Carlo standard error is {self.d_stsp_error:.2g} nats")
        if self.rows[0] != self.rows[1]:
            first, second = self.rows
            lines.append(
                f"D_H compares the first {self.rows_compared} rows of both; D_stsp all, {first} of the reference and "
                f"{second} of the generated series"
            )
        return [*lines, *(f"warning: {warning}" for warning in self.warnings)]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON.

        A number that is undefined is None; its reason stands under `undefined`, by its name with dots.
        """
        undefined: dict[str, str] = {}

        def plain(name: str, value: Any) -> Any:
            if isinstance(value, Undefined):
                undefined[name] = str(value)
                return None
            return value

        out = {
            "d_stsp": plain("d_stsp", self.d_stsp),
            "d_stsp_error": self.d_stsp_error,
            "d_h": plain("d_h", self.d_h),
            "d_h_per_dimension": [plain(f"d_h_per_dimension.{i}", d) for i, d in enumerate(self.d_h_per_dimension)],
            "definition": self.definition.to_dict()
            | {"padding": self.padding, "sigma": self.sigma, "sigma_hz": self.sigma_hz, "text": self.describe()},
            "inside_fraction": self.inside_fraction,
            "escaped": self.escaped,
            "floor": {name: plain(f"floor.{name}", value) for name, value in self.floor._asdict().items()},
            "ceiling": {name: plain(f"ceiling.{name}", value) for name, value in self.ceiling._asdict().items()},
            "rows": {"reference": self.rows[0], "generated": self.rows[1], "d_h": self.rows_compared},
            "warnings": list(self.warnings),
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
    starts: Sequence[int] = (0,),
    generated_starts: Sequence[int] = (0,),
    second_starts: Sequence[int] = (0,),
) -> Comparison:
    """Compare a generated series with a reference, in D_stsp and D_H, each with floor and ceiling.

    D_stsp is taken of all points; D_H of the first min(T, T') rows. Values of the generated series that are not finite
    count as escape in D_stsp and leave D_H undefined. With several stretches, spectra are averages over pieces of equal
    length within stretches, of all rows, and stretches that leave for good count with the ceiling of D_stsp, weighted
    by their rows.

    The floor is the value to expect of a perfect model. With a `second_reference` it is taken between both true series,
    at the length of the generated one as far as they reach. Without one, the end of the reference is compared with its
    beginning: the last min(T', T // 2) rows with all rows before (D_stsp) or with as many at the beginning (D_H). These
    parts are shorter than the series, so for D_stsp such a floor is an upper bound. For D_H the smoothing is over the
    same number of frequency bins, so that the spectra are as noisy as at full length. The ceiling is the value of a run
    that shares no place, and no frequency, with the reference. Cost: O(T log T) plus that of the estimator.

    Args:
        reference: the true series, (T, N).
        generated: (T', N), in the same units and at the same interval.
        estimator, bins, box, variance, preset: which D_stsp is meant, as for `definition_for`.
        padding: how spectra treat the ends of a series, as for `spectral_distance`.
        dt: sampling interval; needed with `sigma_hz`.
        sigma_hz: width of the smoothing of spectra; None: 20 frequency bins.
        second_reference: another true series (T'', N) of the same system, for the floor.
        starts, generated_starts, second_starts: the first rows of the stretches of each series. Stretches do not follow
            one another in time.

    Raises:
        DataError: for an unusable reference; for one whose range is due to a fill value or to a few rows, so that no
            number could mean anything; or for series that do not fit one another.
        SpecError: for settings that cannot be used.

    >>> found = sparsernn.compare(x[:450], x[450:])
    >>> found.d_stsp < found.ceiling.d_stsp
    True
    """
    true = checked_reference(reference)
    refuse_yardsticks(true, "the reference")
    other = _checked_like(generated, true, "generated series")
    second = None if second_reference is None else _checked_like(second_reference, true, "second reference")
    rows = min(len(true), len(other))
    definition = definition_for(rows, true.shape[1], preset, estimator=estimator, bins=bins, box=box, variance=variance)
    several = len(starts) > 1 or len(generated_starts) > 1
    pair = (true, other) if several else (true[:rows], other[:rows])
    spectral = spectral_distance(
        *pair, sigma_hz=sigma_hz, padding=padding, dt=dt, starts=starts, generated_starts=generated_starts
    )
    prepared = stsp.prepare(true, definition)
    found, error = stsp.assess_closely(prepared, other, generated_starts)

    def d_h(a: NDArray[Any], b: NDArray[Any], a_starts: Sequence[int], b_starts: Sequence[int]) -> float | Undefined:
        options = {"starts": a_starts, "generated_starts": b_starts}
        return spectral_distance(a, b, sigma=spectral.sigma, padding=padding, **options).mean  # type: ignore[arg-type]

    if second is None:
        length = min(len(other), len(true) // 2)
        late = max(len(true) - length, 0) if len(starts) == 1 else stsp.halfway(len(true), starts, max(length, 1))
        early = length if len(starts) == 1 else late
        length = len(true) - late
        apart = [s for s in starts if s < early], [0, *(s - late for s in starts if s > late)]
        floor = Bound(
            stsp.floor(true, definition, len(other), starts=starts),
            d_h(true[:early], true[late:], *apart) if length > 1 else Undefined("the reference has fewer than 4 rows"),
            f"two stretches of the reference, the last {length} rows against the rows before"
            + (" (shorter than the series compared, so an upper bound)" if length < len(other) else ""),
        )
    else:
        length = min(rows, len(second))
        floor = Bound(
            stsp.floor(true, definition, len(other), second, second_starts=second_starts),
            d_h(true[:length], second[:length], *([s for s in of if s < length] for of in (starts, second_starts))),
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
        found.escaped if len(generated_starts) > 1 else bool(found.escaped),
        floor,
        ceiling,
        definition,
        padding,
        spectral.sigma,
        spectral.sigma_hz,
        (len(true), len(other)),
        rows,
        error,
        tuple(_warnings(true, other, spectral, floor, ceiling, starts)),
    )


def refuse_yardsticks(values: NDArray[Any], what: str, names: Sequence[str] = ()) -> None:
    """Raise a DataError if the range of a column of values (T, N) is due to fill values, overflow or a few rows.

    Every run, even one that stands still, would then have the same D_stsp. Messages begin with `what` and call columns
    by `names`.
    """
    found = yardsticks(values)
    if found:
        listed = "; ".join(
            f"outliers in column {names[o.column] if names and o.column is not None else o.column}: {o.text}"
            for o in found[:3]
        )
        more = f" (and {len(found) - 3} more columns)" if len(found) > 3 else ""
        raise DataError(f"{what}: {listed}{more}. No measure could mean anything; {found[0].mend}")


def _warnings(
    true: NDArray[Any],
    other: NDArray[Any],
    spectral: SpectralDistance,
    floor: Bound,
    ceiling: Bound,
    starts: Sequence[int],
) -> Iterator[str]:
    for oddity in outliers(true):
        yield f"outliers in column {oddity.column} of the reference: {oddity.text}"
    finite = other[np.isfinite(other).all(axis=1)]
    if len(finite) > 1:
        for oddity in yardsticks(finite):
            yield f"outliers in column {oddity.column} of the generated series: {oddity.text}; they count as escape"
    if told := blindness(true, spectral.sigma, starts, min(len(true), len(other))):
        yield told
    low, high = floor.d_stsp, ceiling.d_stsp
    if not isinstance(low, Undefined) and not isinstance(high, Undefined) and low > NEAR_CEILING * high:
        yield (
            f"the floor of D_stsp ({low:.3g} nats) is near its ceiling ({high:.3g}): the reference drifts, or is too "
            "short, and D_stsp cannot tell a good run from a bad one"
        )


def _checked_like(values: ArrayLike, reference: NDArray[Any], name: str) -> NDArray[Any]:
    array = unmasked(values)
    if array.ndim != 2 or array.shape[1] != reference.shape[1] or len(array) < 2:
        raise DataError(
            f"the {name} must have shape (at least 2 rows, {reference.shape[1]} columns) like the reference "
            f"{reference.shape}, got {array.shape}: choose the same columns of both"
        )
    return array
