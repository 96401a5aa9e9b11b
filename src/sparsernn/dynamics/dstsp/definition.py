"""Which D_stsp is meant. Several definitions have this name; their values cannot be compared with one another."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal

from sparsernn.errors import SpecError, nearest

POINTS_PER_BIN = 3
FEWEST_BINS, MOST_BINS = 5, 30
LARGEST_HISTOGRAM = 2**26
MIXTURE_POINTS, MIXTURE_DRAWS = 10_000, 1_000


@dataclasses.dataclass(frozen=True)
class Definition:
    """All that decides a value of D_stsp, in plain values.

    Binning uses `bins`, `box`, `alpha` and `escape`. The Gaussian mixture uses `variance`, `units`, `points`, `draws`,
    `selection`, `alpha` and `escape`, and `box` only for the share of points inside.

    Args:
        estimator: "binning", or "gmm" for the Gaussian mixture.
        bins: number of equal bins per dimension. Each includes its lower end.
        box: "range": min - 0.1 sd to max + 0.1 sd of the reference; "legacy": mean ± 2 sd (sd with n - 1). True runs
            leave the legacy box too; there an escaped run has a value somewhat below the ceiling.
        alpha: pseudo-count of every bin; for the mixture the weight of its broad background Gaussian.
        escape: what becomes of points that are outside the box or not finite. "counted": they fill one more bin. In the
            mixture both series have the background, so that no draw is lost, and the share of points that are not
            finite or more than a box width outside counts with the ceiling. "dropped", as published: they are removed.
            In the mixture draws are removed whose likelihood underflows in single precision.
        variance: of the isotropic Gaussian on each point.
        units: of `variance`: "sd", of the reference's sd per dimension, or "raw", of the data.
        points: at most so many points of either series are used.
        draws: number of Monte-Carlo draws from the reference mixture, the same for every series (fixed seed).
        selection: which points are used: spread evenly ("even") or the first ones ("first").

    Raises:
        SpecError: lists all fields that cannot be used, or contradict the estimator.
    """

    estimator: Literal["binning", "gmm"]
    bins: int | None = None
    box: Literal["range", "legacy"] = "range"
    alpha: float = 1e-5
    escape: Literal["counted", "dropped"] = "counted"
    variance: float | None = None
    units: Literal["sd", "raw"] = "sd"
    points: int = MIXTURE_POINTS
    draws: int = MIXTURE_DRAWS
    selection: Literal["even", "first"] = "even"

    def __post_init__(self) -> None:
        problems = [
            f"{name} must be one of {', '.join(known)}, got {value!r}{nearest(str(value), known)}"
            for name, value, known in (
                ("estimator", self.estimator, ("binning", "gmm")),
                ("box", self.box, ("range", "legacy")),
                ("escape", self.escape, ("counted", "dropped")),
                ("units", self.units, ("sd", "raw")),
                ("selection", self.selection, ("even", "first")),
            )
            if value not in known
        ]
        if not 0 < self.alpha < 1:
            problems.append(f"alpha must be above 0 and below 1, got {self.alpha}")
        if self.estimator == "binning" and (self.bins is None or self.bins < 2):
            problems.append(f"binning needs at least 2 bins per dimension, got {self.bins}")
        if self.estimator == "binning" and self.variance is not None:
            problems.append("binning has no variance: leave it out, or ask for the estimator gmm")
        if self.estimator == "gmm" and (self.variance is None or not 0 < self.variance < math.inf):
            problems.append(f"the Gaussian mixture needs a variance above 0, got {self.variance}")
        if self.estimator == "gmm" and self.bins is not None:
            problems.append("the Gaussian mixture has no bins: leave them out, or ask for the estimator binning")
        if self.points < 1 or self.draws < 1:
            problems.append(f"points and draws must be at least 1, got {self.points} and {self.draws}")
        if problems:
            raise SpecError(problems)

    def describe(self) -> str:
        """Describe the definition in one line, for tables and pages."""
        box = "the reference's range ± 0.1 sd" if self.box == "range" else "the reference's mean ± 2 sd"
        if self.estimator == "binning":
            outside = "everything outside counted as one more bin" if self.escape == "counted" else "outside dropped"
            return f"binning, {self.bins} bins per dimension over {box}, {outside}, alpha {self.alpha:g}"
        where = "evenly spaced" if self.selection == "even" else "first"
        unit = " in units of sd²" if self.units == "sd" else ""
        outside = f"background {self.alpha:g}" if self.escape == "counted" else "underflowing draws discarded"
        return (
            f"Gaussian mixture, variance {self.variance:.3g}{unit}, at most {self.points} {where} points, "
            f"{self.draws} draws, {outside}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that this estimator uses, for JSON."""
        unread = {"variance", "units", "points", "draws", "selection"} if self.estimator == "binning" else {"bins"}
        return {name: value for name, value in dataclasses.asdict(self).items() if name not in unread}


def silverman_variance(points: int, dim: int) -> float:
    """Return the variance of a kernel by Silverman's rule: (4 / (d + 2))^(2 / (d + 4)) · n^(-2 / (d + 4)), in sd².

    n is the number of points, d the dimension. At n = 10,000 the variance lies between 0.14 (d = 6) and 0.4 (d = 20);
    arXiv 2406.04934 sets 0.3 by hand. The rule ignores that the points of a trajectory depend on one another.
    Source: B. W. Silverman, Density Estimation (1986), equation 4.14.
    """
    return (4 / (dim + 2)) ** (2 / (dim + 4)) * points ** (-2 / (dim + 4))


def definition_for(
    length: int,
    dim: int,
    preset: str | None = None,
    *,
    estimator: str | None = None,
    bins: int | None = None,
    box: str | None = None,
    variance: float | None = None,
) -> Definition:
    """Return the definition of D_stsp that suits a series of T = `length` points in N = `dim` dimensions.

    By default this is binning with k = floor((T / 3)^(1/N)) bins per dimension, at most 30: three points a bin on
    average. If k is below 5 it is the Gaussian mixture with Silverman's variance. (T = 100,000: N = 3 gives 30 bins,
    N = 5 gives 8, N = 7 and above the mixture. T = 2,000, N = 3: 8 bins.) All pseudo-counts together are then at most
    alpha · k^N ≤ alpha · T / 3 points. Measured with two true runs (Lorenz-63 and projections of Lorenz-96 to 3..5
    dimensions): values from .06 to 1.8 for T from 100,000 to 2,000, under a ceiling of 14 to 16. With 30 bins in three
    dimensions they go from .06 to 10.

    Args:
        length: number of points of the shorter series.
        dim: number of columns.
        preset: "hemmer2024" for the definition of arXiv 2406.04934 and its code: 30 bins over the range, outside
            dropped, alpha 1e-5; from 11 dimensions on the mixture with variance 0.3 in the data's units, the first
            10,000 points, 1,000 draws.
        estimator, bins, box, variance: as in `Definition`, in place of the default or of the preset.

    Raises:
        SpecError: for an unknown preset, or settings that contradict one another.
    """
    if length < 1 or dim < 1:
        raise SpecError(f"length and dim must be at least 1, got {length} and {dim}")
    if bins is not None and variance is not None:
        raise SpecError("bins belong to the estimator binning, a variance to gmm: set one of the two")
    if estimator is None and (bins is not None or variance is not None):
        estimator = "binning" if bins is not None else "gmm"

    rule = min(int((length / POINTS_PER_BIN) ** (1 / dim) + 1e-9), MOST_BINS)
    fields: dict[str, Any] = {"box": box or "range"}
    if preset is None:
        estimator = estimator or ("binning" if rule >= FEWEST_BINS else "gmm")
        default_bins, default_variance = max(rule, 2), silverman_variance(min(length, MIXTURE_POINTS), dim)
    elif preset == "hemmer2024":
        estimator = estimator or ("binning" if dim <= 10 else "gmm")
        default_bins, default_variance = 30, 0.3
        fields |= {"escape": "dropped", "units": "raw", "selection": "first"}
    else:
        raise SpecError(f"unknown preset {preset!r}{nearest(preset, ['hemmer2024'])}")

    fields["estimator"] = estimator
    if estimator == "binning":
        fields |= {"bins": default_bins if bins is None else bins, "variance": variance}
        if fields["bins"] ** dim > LARGEST_HISTOGRAM:
            raise SpecError(
                f"{fields['bins']} bins in {dim} dimensions are {float(fields['bins']) ** dim:.1e} bins, more than "
                f"{LARGEST_HISTOGRAM:.1e} and far more than there are points: use fewer bins or the estimator gmm"
            )
    else:
        fields |= {"variance": default_variance if variance is None else variance, "bins": bins}
    return Definition(**fields)
