"""The contract of a sparsifier."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import jax
import numpy as np

from sparsernn.masks import Masks, Prunable, chosen
from sparsernn.registry import Registry
from sparsernn.sparsifiers import SPARSIFIERS
from sparsernn.spec import Part
from sparsernn.weights import Array, BoolLike, FloatLike, IntLike, PyTree, Weights


class Clock(NamedTuple):
    """The time of a run.

    Args:
        step: number of updates done since this training began; may be traced.
        round: 0 in the first training, 1 in the next, ...; may be traced.
        steps_per_epoch: number of updates in an epoch.
        epochs: number of epochs of a training.
    """

    step: IntLike
    round: IntLike = 0
    steps_per_epoch: int = 1
    epochs: int = 0

    @property
    def horizon(self) -> int:
        """Number of updates of a whole training."""
        return self.steps_per_epoch * self.epochs


class Snapshot(NamedTuple):
    """What a sparsifier knows of the training when it changes masks.

    Args:
        clock: the time.
        weights: the weights that it is to change.
        gradients: the mean over batches of ``|dL/dw|``, never negative, also for weights outside the masks. w are the
            masked weights, L is what training minimizes (the loss and all penalties). Inside the compiled loop it is
            the one batch of the update, with its dropout; on the host it is 16 batches without dropout. (`accumulate`
            is given gradients with their signs.)
        activity: a prunable's path to the sd (source,) of what the matrix multiplies, with the noise and the forcing of
            the training. None unless the sparsifier `needs_activity`.
        learning_rate: that of the last update; between trainings that of the first update of the round.
    """

    clock: Clock
    weights: Weights
    gradients: Weights
    activity: Mapping[str, Array] | None = None
    learning_rate: FloatLike | None = None


class SparseState(NamedTuple):
    """What a sparsifier carries from update to update.

    Args:
        masks: of every matrix that it acts on.
        memory: arrays of the method's own, such as averages; () if it has none.
    """

    masks: Masks
    memory: PyTree


Importance = Callable[[str, np.ndarray, int], np.ndarray]
"""``importance(path, indices, starts)``: how much worse the run is without each single weight of a matrix.

`indices` are flat (C order) into the matrix at `path`; the result is (len(indices), starts), one column for each of
several starts of the run. It is negative where the run gets better."""


class AbstractSparsifier(Part):
    """Decides which weights exist: at the beginning (`init`), and whenever masks are `due`.

    After `update_masks` the number of ones is exactly the integer asked for (unless it `announces` "most"). Dropped
    weights are exactly 0, grown ones too unless it gives them a size (`newborn`). The third value that it returns marks
    both, so that the optimizer forgets what it knew of them. All methods are pure. If `traceable`, `update_masks` has
    fixed shapes and runs inside the compiled loop; otherwise it runs on the host and may ask for `importance`.

    Go through masks by sorted path: dictionaries come back from a compiled call in another order.

    >>> from sparsernn.sparsifiers.methods.set import set_
    >>> matrix = Prunable("cell0/recurrent", "recurrent", gates=1, target=10, source=10)
    >>> weights = {"cell0": {"recurrent": jax.numpy.ones((1, 10, 10))}}
    >>> clock = Clock(step=5, steps_per_epoch=5, epochs=4)
    >>> method = set_(density=0.2)
    >>> state = method.init(jax.random.key(0), (matrix,), clock, weights)
    >>> int(state.masks["cell0/recurrent"].sum()), bool(method.due(clock))
    (20, True)
    """

    registry = Registry("sparsifier", SPARSIFIERS)
    where: tuple[str, ...] = ()
    """Roles or paths of the matrices that it acts on; all others stay dense."""

    @property
    def traceable(self) -> bool:
        """Whether `update_masks` can be compiled and needs no `importance`. Default: yes."""
        return True

    @property
    def needs_activity(self) -> bool:
        """Whether `Snapshot.activity` must be given. Default: no."""
        return False

    @property
    def skips_update(self) -> bool:
        """Whether weights are not updated at steps at which masks change (RigL, SNIP). Default: no."""
        return False

    @property
    def keeps_count(self) -> bool:
        """Whether the number of ones never changes after `init`. Default: no."""
        return False

    @property
    def only_removes(self) -> bool:
        """Whether weights that do not exist never come back. With `keeps_count`: masks never change. Default: no."""
        return False

    @property
    def newborn(self) -> float:
        """The size ``|w|`` of weights that have just been grown. Default: 0."""
        return 0.0

    @property
    def restarts_optimizer(self) -> bool:
        """Whether the optimizer forgets all that it knew, of every array, whenever masks change. Default: no."""
        return False

    @property
    def announces(self) -> Literal["exact", "most"]:
        """Whether `final_count` is the number of ones at the end, or the most there can be. Default: the number."""
        return "exact"

    @property
    def by_rounds(self) -> bool:
        """Whether masks change only between trainings; the run then needs `rounds`. Default: no.

        `due` is then never true, and at the start of every round `update_masks` is called on the masks of the round
        before.
        """
        return False

    def acted(self, prunables: tuple[Prunable, ...]) -> tuple[Prunable, ...]:
        """Return the matrices that it acts on, in network order. SpecError as of `masks.chosen`."""
        return chosen(prunables, self.where)

    @abc.abstractmethod
    def init(self, key: jax.Array, prunables: tuple[Prunable, ...], clock: Clock, weights: Weights) -> SparseState:
        """Return the state before the first update of a training.

        Args:
            key: for draws.
            prunables: of the network; `acted` picks those that it acts on.
            clock: the time, with the horizon of the training.
            weights: the first weights, dense.
        """

    @abc.abstractmethod
    def due(self, clock: Clock) -> BoolLike:
        """Say whether masks change after this update.

        It depends on the clock alone, whose step may be traced or an array. Where masks never change it is the constant
        False, so that nothing is compiled for it.
        """

    def accumulate(self, state: SparseState, gradients: Weights) -> SparseState:
        """Take note of the dense gradients of an update, for methods that average them. Default: do nothing.

        It is called in every update, before anything is changed.
        """
        return state

    def nudge(
        self, key: jax.Array, state: SparseState, weights: Weights, learning_rate: FloatLike, clock: Clock
    ) -> Weights:
        """Move the weights as the method asks for besides the gradient (noise, a pull towards 0). Default: not at all.

        It is called after every step of the optimizer, with masked weights and the clock that `due` is asked with, and
        may change only what is inside the masks.
        """
        return weights

    @abc.abstractmethod
    def update_masks(
        self, key: jax.Array, state: SparseState, snapshot: Snapshot, importance: Importance | None = None
    ) -> tuple[SparseState, Weights, Masks]:
        """Change the masks.

        `sparsernn.sparsifiers.exchange` makes all three results, given what is dropped and what is grown.

        Args:
            key: for draws.
            state: with the masks so far.
            snapshot: what is known of the training.
            importance: what single weights do; given on the host, if not `traceable`.

        Returns:
            The new state; the weights, exactly 0 outside the new masks and of size `newborn` where they have come; and
            which entries have changed, by the paths of the masks.
        """

    @abc.abstractmethod
    def final_count(self, prunables: tuple[Prunable, ...], clock: Clock) -> int:
        """Return the number of ones, over all matrices acted on, when round ``clock.round`` has ended.

        Exact, or, if it `announces` "most", the largest that can be."""


@dataclass(frozen=True)
class Dense(AbstractSparsifier):
    """The sparsifier of a run that has none: it acts on no matrix.

    It stands here, beside the contract, because training needs it.
    """

    keeps_count: ClassVar[bool] = True
    only_removes: ClassVar[bool] = True

    def acted(self, prunables: tuple[Prunable, ...]) -> tuple[Prunable, ...]:
        return ()

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...], clock: Clock, weights: Weights) -> SparseState:
        return SparseState({}, ())

    def due(self, clock: Clock) -> bool:
        return False

    def update_masks(
        self, key: jax.Array, state: SparseState, snapshot: Snapshot, importance: Importance | None = None
    ) -> tuple[SparseState, Weights, Masks]:
        return state, snapshot.weights, {}

    def final_count(self, prunables: tuple[Prunable, ...], clock: Clock) -> int:
        return 0
