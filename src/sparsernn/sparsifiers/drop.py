"""Which weights go: a score per entry, the lowest first."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import jax
import numpy as np

from sparsernn.errors import SpecError
from sparsernn.registry import Registry
from sparsernn.rules import at_least
from sparsernn.sparsifiers import DROPS
from sparsernn.sparsifiers.base import Importance, Snapshot
from sparsernn.sparsifiers.select import highest, lowest
from sparsernn.spec import Part
from sparsernn.weights import get


class AbstractDrop(Part):
    """A criterion. Scores of different matrices must be comparable: they are ranked together where the scope is global.
    Equal scores go in the order of `sparsernn.sparsifiers.select`."""

    registry = Registry("drop", DROPS)
    traceable: ClassVar[bool] = True
    needs_activity: ClassVar[bool] = False

    @abc.abstractmethod
    def scores(
        self, key: jax.Array, path: str, mask: Any, snapshot: Snapshot, importance: Importance | None = None
    ) -> Any:
        """Scores of one matrix, of the shape of its mask; those outside the mask do not matter."""

    def choose(self, scores: Any, eligible: Any, count: Any) -> Any:
        """The `count` entries that go, from flat scores of one matrix or several."""
        return lowest(scores, eligible, count)


@dataclass(frozen=True)
class Magnitude(AbstractDrop):
    """``|w|``. Source: Han et al., arXiv 1506.02626."""

    def scores(
        self, key: jax.Array, path: str, mask: Any, snapshot: Snapshot, importance: Importance | None = None
    ) -> Any:
        return abs(get(snapshot.weights, path))


@dataclass(frozen=True)
class NearestZeroOfEachSign(AbstractDrop):
    """The smallest positive and the negative weights nearest to 0, each sign losing in proportion to its number.

    With a fraction zeta: zeta of the positives and zeta of the negatives (of the odd one left over by rounding the sign
    with the larger share gets it). Weights that are exactly 0 (grown, never used) go first and count for neither sign.
    Source: Mocanu et al., SET, arXiv 1707.04780, which does not say what happens to zeros.
    """

    def scores(
        self, key: jax.Array, path: str, mask: Any, snapshot: Snapshot, importance: Importance | None = None
    ) -> Any:
        return get(snapshot.weights, path)

    def choose(self, scores: Any, eligible: Any, count: Any) -> Any:
        xp = scores.__array_namespace__()
        signs = eligible & (scores == 0), eligible & (scores > 0), eligible & (scores < 0)
        zeros, positive, negative = (sign.sum() for sign in signs)
        zeros = xp.minimum(zeros, count)
        rest = count - zeros
        share = positive.astype(np.float32) / xp.maximum(positive + negative, 1).astype(np.float32)
        n = xp.clip(xp.round(rest * share).astype(np.int32), rest - negative, positive)
        chosen = lowest(scores, signs[0], zeros) | lowest(scores, signs[1], n) | highest(scores, signs[2], rest - n)
        return chosen


@dataclass(frozen=True)
class ActivityScaledMagnitude(AbstractDrop):
    """``|w_ij| sd(x_j)``, x_j what the weight is multiplied with (`Snapshot.activity`): the sd of what it adds.

    Free of charge, and close to geometric importance (a comparator without which "geometry beats magnitude" says
    little). Source: with the norm of x in place of its sd, Wanda, arXiv 2306.11695.
    """

    needs_activity: ClassVar[bool] = True

    def scores(
        self, key: jax.Array, path: str, mask: Any, snapshot: Snapshot, importance: Importance | None = None
    ) -> Any:
        if snapshot.activity is None:
            raise SpecError("the drop criterion activity needs Snapshot.activity, got None")
        return abs(get(snapshot.weights, path)) * snapshot.activity[path]


@dataclass(frozen=True)
class Taylor(AbstractDrop):
    """``|w| |dL/dw|``: the first-order change of the loss without the weight (`Snapshot.gradients`: of one batch inside
    a training, the mean of 16 between trainings).

    Source: Molchanov et al., arXiv 1611.06440 (theirs sums over whole feature maps); on the first batch, before any
    update, the connection sensitivity of SNIP, arXiv 1810.02340.
    """

    def scores(
        self, key: jax.Array, path: str, mask: Any, snapshot: Snapshot, importance: Importance | None = None
    ) -> Any:
        return abs(get(snapshot.weights, path)) * get(snapshot.gradients, path)


@dataclass(frozen=True)
class RandomDrop(AbstractDrop):
    """Uniformly random."""

    def scores(
        self, key: jax.Array, path: str, mask: Any, snapshot: Snapshot, importance: Importance | None = None
    ) -> Any:
        return jax.random.bits(key, mask.shape)


@dataclass(frozen=True)
class Geometric(AbstractDrop):
    """How much worse the run is without the weight (`Importance`: for a dynamical system, the change of D_stsp).

    h = mean over `starts` of the harm; the score is ``|h|`` ("absolute") or h ("signed"). The paper has one start,
    where both readings of "absolute" agree; with several the mean comes first, since the mean of |harm| would grow with
    the noise of the measure. With "absolute" a weight whose removal improves the run is kept as important; with
    "signed" it goes first. Host only. A score that is not finite raises SpecError (collapse has a finite ceiling).
    Source: arXiv 2406.04934.
    """

    starts: int = 4
    score: Literal["absolute", "signed"] = "absolute"
    traceable: ClassVar[bool] = False

    rules = (at_least(1, "starts"),)

    def scores(
        self, key: jax.Array, path: str, mask: Any, snapshot: Snapshot, importance: Importance | None = None
    ) -> np.ndarray:
        if importance is None:
            raise SpecError(
                "the drop criterion geometric judges by a measure of the run, and none was handed in; "
                "use it where training can measure, or take activity, which needs none"
            )
        scores = np.full(mask.shape, np.inf)
        indices = np.flatnonzero(np.asarray(mask))
        if indices.size:
            table = np.asarray(importance(path, indices, self.starts), float)
            if table.shape != (indices.size, self.starts) or not np.isfinite(table).all():
                raise SpecError(
                    f"importance of {path}: expected finite numbers of shape {(indices.size, self.starts)}, got shape "
                    f"{table.shape} with {np.count_nonzero(~np.isfinite(table))} not finite; the measure must give its "
                    "ceiling where a run collapses"
                )
            increase = table.mean(axis=1)
            scores.flat[indices] = np.abs(increase) if self.score == "absolute" else increase
        return scores
