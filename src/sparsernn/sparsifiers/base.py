"""The contract of a sparsifier."""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import numpy as np

from sparsernn.masks import Masks, Prunable, chosen
from sparsernn.registry import Registry
from sparsernn.sparsifiers import SPARSIFIERS
from sparsernn.spec import Part
from sparsernn.weights import Weights


class Clock(NamedTuple):
    """When: `step` updates done since this training began, in `round` (0: the first training), of a run whose horizon
    is `epochs` epochs of `steps_per_epoch` updates. Step and round may be traced; the horizon is a plain integer."""

    step: Any
    round: Any = 0
    steps_per_epoch: int = 1
    epochs: int = 0

    @property
    def horizon(self) -> int:
        return self.steps_per_epoch * self.epochs


class Snapshot(NamedTuple):
    """What a sparsifier may look at.

    `weights` are those it is to change. `gradients` are the mean over batches of ``|dL/dw|``, w the masked weights and
    L what training minimizes (the loss and all penalties): dense, so that growth can read them whole, never negative,
    and 0 only where no batch says anything. Inside the compiled loop it is the one batch of the update (with its
    dropout), on the host 16 batches (without). Signed gradients are what `accumulate` sees. `activity` maps a
    prunable's path to the sd (source,) of what the matrix multiplies, under the training's own noise and forcing; it is
    None unless the sparsifier `needs_activity`. `learning_rate` is that of the last update (of the first one of a
    round, between trainings)."""

    clock: Clock
    weights: Weights
    gradients: Weights
    activity: dict[str, Any] | None = None
    learning_rate: Any = None


class SparseState(NamedTuple):
    """The masks of every matrix the sparsifier acts on, and a pytree of the method's own."""

    masks: Masks
    memory: Any


Importance = Callable[[str, np.ndarray, int], np.ndarray]
"""``importance(path, indices, starts) -> (len(indices), starts)``: how much worse the run is without each single weight
of the matrix at `path` (flat C-order indices), from each of several starts. Signed: negative where it gets better."""


class AbstractSparsifier(Part):
    """Decides the masks: at the beginning (`init`) and whenever `due`.

    After `update_masks` the number of ones is the exact integer asked for, dropped and grown weights are exactly 0, and
    `changed` marks them so that the optimizer forgets what it knew of them. Everything is pure. Where `traceable`,
    `update_masks` has fixed shapes and runs inside the compiled loop; else it runs on the host and may ask for
    `importance`.
    Dictionaries of masks come back from a compiled call in another order: go through them by sorted path.
    """

    registry = Registry("sparsifier", SPARSIFIERS)
    where: tuple[str, ...] = ()
    """Roles or paths of the matrices acted on; all others stay dense."""

    @property
    def traceable(self) -> bool:
        """`update_masks` compiles and needs no `importance`."""
        return True

    @property
    def needs_activity(self) -> bool:
        """`Snapshot.activity` must be given."""
        return False

    @property
    def skips_update(self) -> bool:
        """The weight update is left out at steps at which masks change (RigL, SNIP)."""
        return False

    @property
    def keeps_count(self) -> bool:
        """The number of ones never changes after `init`."""
        return False

    @property
    def only_removes(self) -> bool:
        """No connection that is missing ever comes. With `keeps_count`: masks never change."""
        return False

    @property
    def by_rounds(self) -> bool:
        """Masks change only between trainings (the run then needs `rounds`): `due` is never true, and at the start of
        every round `update_masks` is called on the parent's masks."""
        return False

    def acted(self, prunables: tuple[Prunable, ...]) -> tuple[Prunable, ...]:
        """The matrices acted on, in network order. SpecError if `where` names none."""
        return chosen(prunables, self.where)

    @abc.abstractmethod
    def init(self, key: jax.Array, prunables: tuple[Prunable, ...], clock: Clock, weights: Weights) -> SparseState:
        """Masks before the first update of a training; `weights` are the dense initial ones."""

    @abc.abstractmethod
    def due(self, clock: Clock) -> Any:
        """Whether masks change after this update. Depends on the clock alone; works on traced and NumPy steps. The
        constant False where they never do, so that nothing is compiled for it."""

    def accumulate(self, state: SparseState, gradients: Weights) -> SparseState:
        """Called with every update's dense gradients, for methods that average them. Default: nothing."""
        return state

    def nudge(self, key: jax.Array, state: SparseState, weights: Weights, learning_rate: Any) -> Weights:
        """Called after every optimizer step, with masked weights: where the method moves them besides (noise, a pull
        towards 0), inside the masks only. Default: nowhere."""
        return weights

    @abc.abstractmethod
    def update_masks(
        self, key: jax.Array, state: SparseState, snapshot: Snapshot, importance: Importance | None = None
    ) -> tuple[SparseState, Weights, Masks]:
        """The new masks, the weights with exact zeros outside them, and which entries changed (same paths as masks).
        `sparsernn.sparsifiers.exchange` makes all three from what goes and what comes."""

    @abc.abstractmethod
    def final_count(self, prunables: tuple[Prunable, ...], clock: Clock) -> int:
        """Exact number of ones over the matrices acted on at the end of the horizon (of round ``clock.round``)."""


@dataclass(frozen=True)
class Dense(AbstractSparsifier):
    """Acts on no matrix: no masks, never due, `final_count` 0. It stands here because training takes it where a run has
    no sparsifier."""

    keeps_count: ClassVar[bool] = True
    only_removes: ClassVar[bool] = True

    def acted(self, prunables: tuple[Prunable, ...]) -> tuple[Prunable, ...]:
        return ()

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...], clock: Clock, weights: Weights) -> SparseState:
        return SparseState({}, ())

    def due(self, clock: Clock) -> Any:
        return False

    def update_masks(
        self, key: jax.Array, state: SparseState, snapshot: Snapshot, importance: Importance | None = None
    ) -> tuple[SparseState, Weights, Masks]:
        return state, snapshot.weights, {}

    def final_count(self, prunables: tuple[Prunable, ...], clock: Clock) -> int:
        return 0
