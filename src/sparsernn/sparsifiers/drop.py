"""Which weights go: a score per entry, the lowest first."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar, Literal

import jax
import numpy as np

from sparsernn.errors import SpecError
from sparsernn.registry import Registry
from sparsernn.rules import at_least
from sparsernn.sparsifiers import DROPS
from sparsernn.sparsifiers.base import Importance, Snapshot
from sparsernn.sparsifiers.select import highest, lowest
from sparsernn.spec import Part
from sparsernn.weights import Array, IntLike, get


class AbstractDrop(Part):
    """A criterion: which weights go first.

    Scores of different matrices must be comparable, for a scope "global" ranks them together. Entries with equal scores
    go in the order of `sparsernn.sparsifiers.select`.

    >>> matrix = {"recurrent": np.array([[[0.5, -0.1], [0.2, 0.0]]])}
    >>> mask = np.array([[[True, True], [True, False]]])
    >>> scores = Magnitude().scores(None, "recurrent", mask, Snapshot(None, matrix, {}))
    >>> Magnitude().choose(scores.ravel(), mask.ravel(), 1).tolist()
    [False, True, False, False]
    """

    registry = Registry("drop", DROPS)
    traceable: ClassVar[bool] = True
    """Whether `scores` can be compiled and needs no `importance`."""
    needs_activity: ClassVar[bool] = False
    """Whether it needs `Snapshot.activity`."""

    @abc.abstractmethod
    def scores(
        self, key: jax.Array, path: str, mask: Array, snapshot: Snapshot, importance: Importance | None = None
    ) -> Array:
        """Return a score for every entry of one matrix; the lowest go.

        Args:
            key: for draws.
            path: of the matrix.
            mask: which of its weights exist, Booleans (gates, target, source).
            snapshot: what is known of the training.
            importance: what single weights do; given on the host, if not `traceable`.

        Returns:
            Numbers of the mask's shape. Those outside the mask do not matter.
        """

    def choose(self, scores: Array, eligible: Array, count: IntLike) -> Array:
        """Return which entries go. Default: the `count` eligible ones with the lowest scores.

        Args:
            scores: of one matrix, or of several joined, (n,).
            eligible: which of them may go, Booleans (n,).
            count: how many go; may be traced.

        Returns:
            Booleans (n,), `count` of them true.
        """
        return lowest(scores, eligible, count)


@dataclass(frozen=True)
class Magnitude(AbstractDrop):
    """The smallest weights go: the score is ``|w|``. Source: Han et al. 2015, arXiv 1506.02626."""

    def scores(
        self, key: jax.Array, path: str, mask: Array, snapshot: Snapshot, importance: Importance | None = None
    ) -> Array:
        return abs(get(snapshot.weights, path))


@dataclass(frozen=True)
class NearestZeroOfEachSign(AbstractDrop):
    """The weights nearest to 0 go, as large a share of the positive ones as of the negative ones.

    Of n weights that go, ``round(n p / (p + q))`` are positive, with p positive and q negative weights in all; the rest
    are negative. Weights that are exactly 0 (grown, not moved yet) go before all others and count for neither sign.
    Source: Mocanu et al. 2018, SET, arXiv 1707.04780, which does not say what happens to zeros.
    """

    def scores(
        self, key: jax.Array, path: str, mask: Array, snapshot: Snapshot, importance: Importance | None = None
    ) -> Array:
        return get(snapshot.weights, path)

    def choose(self, scores: Array, eligible: Array, count: IntLike) -> Array:
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
    """The weights that carry least go: the score is ``|w_ij| sd(x_j)``, the sd of what the weight adds to its target.

    x_j is what the weight is multiplied with (`Snapshot.activity`). It costs one run over a batch, and its order is
    close to that of the geometric criterion; a comparison of that one should have it beside it.
    Source: Sun et al. 2023, Wanda, arXiv 2306.11695, with the norm of x in place of its sd.
    """

    needs_activity: ClassVar[bool] = True

    def scores(
        self, key: jax.Array, path: str, mask: Array, snapshot: Snapshot, importance: Importance | None = None
    ) -> Array:
        if snapshot.activity is None:
            raise SpecError("the drop criterion activity needs Snapshot.activity, got None")
        return abs(get(snapshot.weights, path)) * snapshot.activity[path]


@dataclass(frozen=True)
class Taylor(AbstractDrop):
    """The weights go without which the loss changes least, to first order: the score is ``|w| |dL/dw|``.

    Gradients are those of `Snapshot.gradients`: of one batch inside a training, the mean over 16 between trainings.
    Source: Molchanov et al. 2017, arXiv 1611.06440 (there summed over feature maps). On the first batch, before any
    update, it is the connection sensitivity of SNIP, arXiv 1810.02340.
    """

    def scores(
        self, key: jax.Array, path: str, mask: Array, snapshot: Snapshot, importance: Importance | None = None
    ) -> Array:
        return abs(get(snapshot.weights, path)) * get(snapshot.gradients, path)


@dataclass(frozen=True)
class RandomDrop(AbstractDrop):
    """Weights go at random, all with the same probability: the control for any criterion."""

    def scores(
        self, key: jax.Array, path: str, mask: Array, snapshot: Snapshot, importance: Importance | None = None
    ) -> Array:
        return jax.random.bits(key, mask.shape)


@dataclass(frozen=True)
class Geometric(AbstractDrop):
    """The weights go without which the run gets least worse, each one judged by leaving it out (`Importance`).

    For a dynamical system that is the increase of D_stsp. h is the mean of the increase over `starts` runs; the score
    is ``|h|`` ("absolute": a weight whose removal improves the run is kept, too) or h ("signed": it goes first). The
    mean is taken before the absolute value, since a mean of absolute values would grow with the noise of the measure;
    with one start, as in the source, both are the same. It runs on the host only. Cost: ``weights * starts`` runs.
    Source: arXiv 2406.04934.

    Args:
        starts: number of runs that judge a weight.
        score: "absolute" or "signed".

    Raises:
        SpecError: if nothing can judge single weights, or what judges them gives a number that is not finite.
    """

    starts: int = 4
    score: Literal["absolute", "signed"] = "absolute"
    traceable: ClassVar[bool] = False

    rules = (at_least(1, "starts"),)

    def scores(
        self, key: jax.Array, path: str, mask: Array, snapshot: Snapshot, importance: Importance | None = None
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
