"""The suite of sparsifiers tried itself: correct parts, however odd, pass; each wrong one fails with its sentence."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.masks import round_fraction
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock, SparseState
from sparsernn.sparsifiers.drop import AbstractDrop, Magnitude
from sparsernn.sparsifiers.exchange import exchange
from sparsernn.sparsifiers.pruner import Pruner
from sparsernn.sparsifiers.schedule import EverySteps
from sparsernn.sparsifiers.select import among, highest, lowest
from sparsernn.sparsifiers.start import Uniform
from sparsernn.testing import check_sparsifier
from sparsernn.weights import get, replace

CLOCK = Clock(0, 0, 5, 4)
DRAW = np.random.default_rng(0)
QUICK = {"clock": CLOCK, "compiled": False}


@dataclass(frozen=True)
class Exchanging(AbstractSparsifier):
    """Correct: a third goes, as many come, at random."""

    where: tuple[str, ...] = ("recurrent",)
    keeps_count: ClassVar[bool] = True

    def init(self, key, prunables, clock, weights):
        return SparseState(Uniform().masks(key, self.acted(prunables), 0.4), ())

    def due(self, clock):
        return EverySteps(5).due(clock)

    def update_masks(self, key, state, snapshot, importance=None):
        gone, new = {}, {}
        for path, mask in sorted(state.masks.items()):
            count = round_fraction(mask.sum(), 1, 3)
            gone |= among(lowest, {path: self.scores(state, snapshot, path)}, {path: mask}, count)
            left = mask & ~gone[path]
            new |= among(highest, {path: jax.random.bits(key, mask.shape)}, {path: ~left}, count)
        return exchange(state, snapshot.weights, gone, new)

    def scores(self, state, snapshot, path):
        return jnp.abs(jnp.asarray(get(snapshot.weights, path)))

    def final_count(self, prunables, clock):
        return sum(Uniform().counts(self.acted(prunables), 0.4).values())


# ------------------------------------------------------------------------------------------------- odd, and correct


@dataclass(frozen=True)
class Softmax(AbstractDrop):
    """Scores with sums and divisions, whose last bits differ compiled."""

    def scores(self, key, path, mask, snapshot, importance=None):
        return jax.nn.softmax(jnp.abs(jnp.asarray(get(snapshot.weights, path))), axis=-1)


@dataclass(frozen=True)
class Averaging(Exchanging):
    """Divides by the number of gradients it has seen, which is 0 before the first."""

    def init(self, key, prunables, clock, weights):
        masks = super().init(key, prunables, clock, weights).masks
        return SparseState(masks, {"seen": jnp.zeros(()), "sums": {p: jnp.zeros(m.shape) for p, m in masks.items()}})

    def accumulate(self, state, gradients):
        sums = {p: s + get(gradients, p) for p, s in state.memory["sums"].items()}
        return state._replace(memory={"seen": state.memory["seen"] + 1, "sums": sums})

    def scores(self, state, snapshot, path):
        return jnp.abs(state.memory["sums"][path] / state.memory["seen"])


@dataclass(frozen=True)
class Impatient(Exchanging):
    """Reads the learning rate, and says when by an array of steps of its own."""

    def due(self, clock):
        return jnp.isin(jnp.asarray(clock.step), jnp.array([1, 2, 19]))

    def scores(self, state, snapshot, path):
        return super().scores(state, snapshot, path) * snapshot.learning_rate


@dataclass(frozen=True)
class Patient(Exchanging):
    """Only where a weight is above what none ever reaches: nothing happens."""

    def update_masks(self, key, state, snapshot, importance=None):
        nothing = {p: jnp.abs(jnp.asarray(get(snapshot.weights, p))) > 1e9 for p in state.masks}
        return exchange(state, snapshot.weights, nothing)


@dataclass(frozen=True)
class Thorough(Exchanging):
    """Marks as changed whatever did not stay, also what was missing before and after."""

    def update_masks(self, key, state, snapshot, importance=None):
        after, weights, changed = super().update_masks(key, state, snapshot)
        return after, weights, {p: changed[p] | ~after.masks[p] for p in changed}


@dataclass(frozen=True)
class Everywhere(Exchanging):
    """No field `where`: always the same matrices."""

    where: ClassVar[tuple[str, ...]] = ("readout",)


@pytest.mark.parametrize("odd", [Exchanging, Averaging, Impatient, Patient, Thorough, Everywhere])
def test_correct_ones_pass(odd):
    check_sparsifier(odd(), **QUICK)


@pytest.mark.parametrize(
    "odd", [Averaging(), Pruner(EverySteps(5), Softmax(), drop_fraction=0.3)], ids=["sums", "drop"]
)
def test_correct_ones_pass_compiled(odd):
    check_sparsifier(odd, clock=CLOCK)


# ---------------------------------------------------------------------------------------------------------- and wrong


def broken(result, path="cell0/recurrent", weights=None, masks=None, changed=None):
    """A result of `update_masks` with one array exchanged."""
    state, w, marks = result
    w = w if weights is None else replace(w, {path: weights(get(w, path))})
    state = state if masks is None else state._replace(masks=state.masks | {path: masks(state.masks[path])})
    return state, w, marks if changed is None else marks | {path: changed(marks[path])}


@dataclass(frozen=True)
class Wrong(Exchanging):
    """Breaks one promise."""

    promise: str = ""

    def init(self, key, prunables, clock, weights):
        state = super().init(key, prunables, clock, weights)
        if self.promise == "float masks":
            return state._replace(masks={p: m.astype(float) for p, m in state.masks.items()})
        if self.promise == "draws at init":
            return state._replace(masks={p: m ^ (DRAW.random(m.shape) < 0.5) for p, m in state.masks.items()})
        return state

    def acted(self, prunables):
        if self.promise == "any matrix":
            return tuple(p for p in prunables if p.role == "recurrent")
        return super().acted(prunables)

    def due(self, clock):
        if self.promise == "due at once":
            return clock.step % 5 == 0
        if self.promise == "due by type":
            return EverySteps(5 if isinstance(clock.step, int | np.ndarray) else 4).due(clock)
        return super().due(clock)

    def accumulate(self, state, gradients):
        if self.promise == "masks in accumulate":
            return state._replace(masks={p: ~m for p, m in state.masks.items()})
        return state

    def nudge(self, key, state, weights, learning_rate, clock):
        if self.promise == "nudge outside":
            return replace(weights, {p: get(weights, p) + 1 for p in state.masks})
        return weights

    def update_masks(self, key, state, snapshot, importance=None):
        if self.promise == "in place" and isinstance(get(snapshot.weights, "cell0/recurrent"), np.ndarray):
            get(snapshot.weights, "cell0/recurrent")[0, 0, 0] = 7
        result = super().update_masks(key, state, snapshot)
        first = lambda a: a.at[0].set(a[0] * 1.5 + 0.1 * (a[0] != 0))
        flip = lambda a: a ^ (jnp.asarray(DRAW.random(a.shape)) < 0.5)
        return {
            "one too many": lambda: broken(result, masks=lambda m: m.at[0, 0].set(True)),
            "outside": lambda: broken(result, weights=lambda w: w + 0.1),
            "moves what stays": lambda: broken(result, weights=first),
            "marks nothing": lambda: broken(result, changed=jnp.zeros_like),
            "another matrix": lambda: broken(result, "readout", weights=lambda w: w + 1),
            "other bits": lambda: broken(result, masks=flip, weights=jnp.zeros_like, changed=jnp.ones_like),
            "float64": lambda: broken(result, weights=lambda w: np.asarray(w, np.float64)),
            "new memory": lambda: (result[0]._replace(memory=(1,)), *result[1:]),
        }.get(self.promise, lambda: result)()

    def final_count(self, prunables, clock):
        return super().final_count(prunables, clock) + (self.promise == "count")


@pytest.mark.parametrize(
    ("promise", "sentence"),
    [
        ("one too many", "keeps_count|must mark all|final_count"),
        ("outside", "outside the mask must be exactly 0"),
        ("moves what stays", "stay must keep their bits"),
        ("marks nothing", "must mark all|keep their bits"),
        ("another matrix", "not acted on must stay"),
        ("other bits", "NumPy arrays must give the same|same masks for the same key|keeps_count"),
        ("float64", "must keep their type"),
        ("new memory", "keep its structure"),
        ("count", "final_count must be"),
        ("float masks", "must be boolean"),
        ("draws at init", "same state for the same key"),
        ("any matrix", "names no matrix must raise SpecError"),
        ("due at once", "never before the first"),
        ("due by type", "due must be the same"),
        ("masks in accumulate", "leave the masks alone|keeps_count|mark all|keep their bits|exactly 0"),
        ("nudge outside", "nudge must stay inside"),
        ("in place", "in place"),
    ],
)
def test_wrong_ones_fail(promise, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_sparsifier(Wrong(promise=promise), **QUICK)


@dataclass(frozen=True)
class Branching(Exchanging):
    """Decides by the value of a traced number."""

    def update_masks(self, key, state, snapshot, importance=None):
        if float(jnp.sum(jnp.asarray(get(snapshot.weights, "cell0/recurrent")))) > 1e9:
            return exchange(state, snapshot.weights, state.masks)
        return super().update_masks(key, state, snapshot)


@dataclass(frozen=True)
class Twofold(Exchanging):
    """Another rule where compiled."""

    def scores(self, state, snapshot, path):
        scores = super().scores(state, snapshot, path)
        return -scores if isinstance(scores, jax.core.Tracer) else scores


@dataclass(frozen=True)
class Growing(Exchanging):
    only_removes: ClassVar[bool] = True


@dataclass(frozen=True)
class Shrinking(Pruner):
    keeps_count: ClassVar[bool] = True


@pytest.mark.parametrize(
    ("wrong", "sentence", "compiled"),
    [
        (Branching(), "must compile, or `traceable` be False", True),
        (Twofold(), "compiled masks must be those of the host", True),
        (Growing(), "says only_removes", False),
        (Shrinking(EverySteps(5), Magnitude(), drop_fraction=0.3), "says keeps_count", False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, AbstractSparsifier) else None,
)
def test_false_declarations_fail(wrong, sentence, compiled):
    with pytest.raises(AssertionError, match=sentence):
        check_sparsifier(wrong, clock=CLOCK, compiled=compiled)
