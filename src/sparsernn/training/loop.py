"""The training loop: one update, many updates in a compiled call, and the work between calls, on the host."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from sparsernn import masks as masking
from sparsernn.forcings.base import AbstractForcing
from sparsernn.masks import Masks, Prunable
from sparsernn.models.network import Network, Ports
from sparsernn.operands import join, split
from sparsernn.optimizers.base import AbstractOptimizer, OptState
from sparsernn.regularizers.base import AbstractRegularizer
from sparsernn.rng import named
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock, Snapshot, SparseState
from sparsernn.tasks.base import AbstractTask
from sparsernn.training.frozen import as_before, frozen_paths, without_gradient
from sparsernn.training.losses import Losses, input_sd, losses
from sparsernn.training.signs import projected
from sparsernn.weights import Array, IntLike, PyTree, Weights, get

CALL_SECONDS = 0.5
"""A compiled call lasts about this long, so that Ctrl-C and progress bars answer."""


@dataclass(frozen=True)
class Trainer:
    """All that decides a training besides seed and data.

    Trainers that differ only in the fields of `Part.scales` (learning rates, strengths, noise, fractions) share one
    compiled program.

    Args:
        task, network, forcing, optimizer, sparsifier, regularizers: the parts of the run.
        ports: what the task asks of the network.
        epochs: number of epochs of a training.
        updates_per_epoch: number of updates in an epoch.
        batch: number of sequences in a batch.
        frozen: roles or paths of arrays that do not learn.
    """

    task: AbstractTask
    network: Network
    ports: Ports
    forcing: AbstractForcing | None
    optimizer: AbstractOptimizer
    sparsifier: AbstractSparsifier
    regularizers: tuple[AbstractRegularizer, ...]
    epochs: int
    updates_per_epoch: int
    batch: int
    frozen: tuple[str, ...] = ()

    @property
    def prunables(self) -> tuple[Prunable, ...]:
        """The matrices of the network that may be made sparse."""
        return self.network.prunables(self.ports)

    @property
    def final_count(self) -> int:
        """How many weights exist when the sparsifier's schedule is over. Checkpoints with more are never selected."""
        acted = self.sparsifier.acted(self.prunables)
        total = sum(p.size for p in self.prunables) - sum(p.size for p in acted)
        return total + (self.sparsifier.final_count(acted, self.clock(0)) if acted else 0)

    def rate(self, step: int | jax.Array, opt_state: OptState | None = None) -> jax.Array:
        """Return the learning rate of update `step` (0, 1, ...).

        Without `opt_state` it is the planned one; with it, the one in use (`AbstractOptimizer.rate_now`).
        """
        planned = self.optimizer.rate(step // self.updates_per_epoch, self.epochs)
        return planned if opt_state is None else self.optimizer.rate_now(planned, opt_state)

    def clock(self, step: IntLike, round: IntLike = 0) -> Clock:
        """Return the clock of a step of a round, with the horizon of this trainer."""
        return Clock(step, round, self.updates_per_epoch, self.epochs)


class Operands(NamedTuple):
    """What compiled updates read and do not change.

    Args:
        root: the key of this training, from which all draws come.
        round: number of the round.
        data: of the training split, as the task gives them.
        fixed: the fixed arrays of each regularizer.
        signs: a matrix's path to the signs that its weights must keep.
    """

    root: jax.Array
    round: IntLike
    data: PyTree
    fixed: tuple[PyTree, ...]
    signs: Mapping[str, Array] = {}


class Carry(NamedTuple):
    """The state of a training between two updates.

    Args:
        weights: of the network.
        trained: the trained arrays of each regularizer.
        opt_state: of the optimizer.
        sparse: of the sparsifier.
        states: of the network, which the next window goes on from; () if windows do not follow one another.
        loss, penalty: sums over the updates of the current epoch.
        norm: the largest norm of a gradient in the current epoch.
        diverged: the step at which the training stopped because a number was not finite; -1 if there was none.
        given: masks that never change, of matrices that the sparsifier does not act on.
    """

    weights: Weights
    trained: tuple[PyTree, ...]
    opt_state: OptState
    sparse: SparseState
    states: PyTree
    loss: jax.Array
    penalty: jax.Array
    norm: jax.Array
    diverged: jax.Array
    given: Masks

    @property
    def masks(self) -> Masks:
        """All masks: those of the sparsifier, and those that never change."""
        return self.sparse.masks | self.given


def init_carry(
    trainer: Trainer, weights: Weights, trained: tuple[PyTree, ...], sparse: SparseState, given: Masks | None = None
) -> Carry:
    """Return the state of a training before its first update. Arguments: see `Carry`."""
    given = given or {}
    weights = masking.apply(weights, sparse.masks | given)
    zero = jnp.zeros(())
    opt_state = trainer.optimizer.init((weights, trained), sparse.masks)
    states = trainer.network.zeros((trainer.batch,)) if trainer.task.carried else ()
    return Carry(weights, trained, opt_state, sparse, states, zero, zero, zero, jnp.full((), -1, jnp.int32), given)


def advance(
    trainer: Trainer, trained: tuple[PyTree, ...], fixed: tuple[PyTree, ...], weights: Weights
) -> tuple[PyTree, ...]:
    """Return the trained arrays of the regularizers after an update that has ended at `weights`."""
    triples = zip(trainer.regularizers, trained, fixed, strict=True)
    return tuple(r.advance(own, constant, weights, trainer.prunables) for r, own, constant in triples)


def update(trainer: Trainer, operands: Operands, step: int | jax.Array, carry: Carry) -> Carry:
    """Make one update, number `step` (0, 1, ...).

    The order is part of the contract: weights times masks -> loss and dense gradients -> `accumulate` -> gradients
    times masks -> clip -> optimizer -> weights times masks -> `nudge` -> frozen arrays as before -> new masks when due
    -> signs. Frozen arrays have no gradient. If the loss or a gradient is not finite, nothing changes from then on.
    """
    root, fixed = operands.root, operands.fixed
    batch = trainer.task.batch(operands.data, named(root, "batch", step), trainer.batch, step)

    def objective(parameters: tuple[Weights, PyTree]) -> tuple[jax.Array, Losses]:
        weights, trained = parameters
        found = losses(trainer, weights, trained, fixed, batch, carry.states, named(root, "dropout", step))
        return found.loss + found.penalty, found

    masks = carry.masks
    weights = masking.apply(carry.weights, masks)
    frozen = frozen_paths(trainer.frozen, trainer.prunables, weights)
    (_, found), (dense, g_trained) = jax.value_and_grad(objective, has_aux=True)((weights, carry.trained))
    loss, penalty = found.loss, found.penalty
    sparse = trainer.sparsifier.accumulate(carry.sparse, dense)
    gradients = (without_gradient(masking.apply(dense, masks), frozen), g_trained)
    norm = optax.tree_utils.tree_norm(gradients)
    clock = trainer.clock(step + 1, operands.round)
    due = trainer.sparsifier.due(clock)

    def move(carry: Carry) -> Carry:
        rate, before = trainer.rate(step, carry.opt_state), (weights, carry.trained)
        (moved, trained), opt_state = trainer.optimizer.move(
            gradients, norm, carry.opt_state, before, rate, trainer.prunables
        )
        moved = masking.apply(moved, masks)
        moved = trainer.sparsifier.nudge(named(root, "nudge", step), sparse, moved, rate, clock)
        moved = as_before(moved, weights, frozen)
        trained = advance(trainer, trained, fixed, moved)
        opt_state = trainer.optimizer.follow(opt_state, signed(moved))
        if trainer.sparsifier.skips_update and due is not False:
            moved, trained, opt_state = jax.tree.map(
                partial(jnp.where, due), (weights, carry.trained, carry.opt_state), (moved, trained, opt_state)
            )
        after = carry._replace(
            weights=moved,
            trained=trained,
            opt_state=opt_state,
            sparse=sparse,
            states=jax.lax.stop_gradient(found.states) if trainer.task.carried else (),
            loss=carry.loss + loss,
            penalty=carry.penalty + penalty,
            norm=jnp.maximum(carry.norm, norm),
        )
        if due is False or not trainer.sparsifier.traceable:  # then `train` asks for new masks, on the host
            return held(after)

        def rewire(after: Carry) -> Carry:
            activity = input_sd(trainer, weights, batch, carry.states) if trainer.sparsifier.needs_activity else None
            snapshot = Snapshot(clock, after.weights, jax.tree.map(jnp.abs, dense), activity, rate)
            return adopt(trainer, after, *trainer.sparsifier.update_masks(named(root, "masks", step), sparse, snapshot))

        return held(jax.lax.cond(due, rewire, lambda after: after, after))

    def signed(weights: Weights) -> Weights:
        return projected(weights, operands.signs) if operands.signs else weights

    def held(after: Carry) -> Carry:
        return after._replace(weights=signed(after.weights))

    def freeze(carry: Carry) -> Carry:
        return carry._replace(diverged=jnp.where(carry.diverged < 0, jnp.asarray(step, jnp.int32), carry.diverged))

    sums = carry.loss + loss + carry.penalty + penalty
    healthy = (carry.diverged < 0) & jnp.isfinite(sums) & jnp.isfinite(norm)
    return jax.lax.cond(healthy, move, freeze, carry)


def adopt(trainer: Trainer, carry: Carry, sparse: SparseState, weights: Weights, changed: Masks) -> Carry:
    """Return the carry with new masks and weights, as of `update_masks`.

    The optimizer forgets what it knew of the entries in `changed`, or everything where the sparsifier asks for that.
    """
    opt_state = trainer.optimizer.forget(carry.opt_state, (weights, carry.trained), changed)
    if trainer.sparsifier.restarts_optimizer:
        opt_state = trainer.optimizer.restart(opt_state, (weights, carry.trained))
    return carry._replace(weights=weights, sparse=sparse, opt_state=opt_state)


def segment(trainer: Trainer, operands: Operands, carry: Carry, first: IntLike, last: IntLike) -> Carry:
    """Make the updates ``first <= step < last`` in one compiled call.

    The bounds are traced, and so are the numbers of `Part.scales`. So any number of updates, and trainers that differ
    only in these numbers, share one compiled program.
    """
    return _segment(*split(trainer), operands, carry, first, last)


@partial(jax.jit, static_argnames=("skeleton",))
def _segment(
    skeleton: Trainer, numbers: PyTree, operands: Operands, carry: Carry, first: IntLike, last: IntLike
) -> Carry:
    trainer = join(skeleton, numbers)
    return jax.lax.fori_loop(first, last, lambda step, carry: update(trainer, operands, step, carry), carry)


class EpochReport(NamedTuple):
    """The numbers of one epoch. Its fields are the first columns of history.csv.

    Args:
        epoch: number of epochs done.
        step: number of updates done.
        loss, penalty: means over the epoch.
        gradient_norm: the largest norm of a gradient in the epoch.
        learning_rate: of the last update.
        nonzeros: number of weights that exist.
    """

    epoch: int
    step: int
    loss: float
    penalty: float
    gradient_norm: float
    learning_rate: float
    nonzeros: int


def train(
    trainer: Trainer,
    operands: Operands,
    carry: Carry,
    step: int,
    until: int,
    at_epoch: Callable[[EpochReport, Carry], Carry | None],
    at_host: Callable[[int, Carry], Carry],
    at_call: Callable[[int, Carry], bool],
) -> tuple[Carry, int]:
    """Make updates from `step` to `until`, in compiled calls of about half a second.

    How many updates a call makes depends on the speed of the machine; the numbers do not depend on it.

    Args:
        trainer, operands, carry: of the training.
        step: number of updates done already.
        until: number of updates at the end.
        at_epoch: called after every epoch; it may return another carry to go on with.
        at_host: called when masks are due and the sparsifier needs the host; it returns the carry with new masks.
        at_call: called after every compiled call; True stops the loop.

    Returns:
        The carry and the number of updates done: `until`, or fewer if it was stopped or has diverged.
    """
    sparsifier, size = trainer.sparsifier, trainer.updates_per_epoch
    host = not sparsifier.traceable and not sparsifier.by_rounds
    if step < until:
        segment(trainer, operands, carry, 0, 0)  # compiles
    calls = 1
    while step < until:
        last = min(step + calls, until, (step // size + 1) * size)
        if host:
            last = next((s for s in range(step + 1, last) if sparsifier.due(trainer.clock(s))), last)
        began = time.perf_counter()
        carry = jax.block_until_ready(segment(trainer, operands, carry, step, last))
        took = (time.perf_counter() - began) / (last - step)
        calls = max(1, min(4 * calls, int(CALL_SECONDS / max(took, 1e-9))))
        step = last
        if int(carry.diverged) >= 0:
            return carry, step
        if host and sparsifier.due(trainer.clock(step)):
            carry = at_host(step, carry)
        if step % size == 0:
            epoch = step // size
            rate = float(trainer.rate(step - 1, carry.opt_state))
            sums = float(carry.loss) / size, float(carry.penalty) / size, float(carry.norm)
            zero = jnp.zeros_like(carry.loss)
            carry = carry._replace(loss=zero, penalty=zero, norm=zero)
            changed = at_epoch(EpochReport(epoch, step, *sums, rate, count(trainer, carry)), carry)
            carry = carry if changed is None else changed
        if at_call(step, carry):
            break
    return carry, step


def count(trainer: Trainer, carry: Carry) -> int:
    """Count the weights that exist, over all prunable matrices."""
    masks = carry.masks
    return sum(
        int(masks[p.path].sum()) if p.path in masks else get(carry.weights, p.path).size for p in trainer.prunables
    )
