"""The training loop: the order of an update, compiled segments, and the moments at which the host is needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from sparsernn import masks as masking
from sparsernn.masks import Masks, Prunable
from sparsernn.models.network import Forcing, Network, Ports
from sparsernn.operands import join, split
from sparsernn.regularizers.base import AbstractRegularizer
from sparsernn.rng import named
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock, Snapshot, SparseState
from sparsernn.tasks.base import AbstractTask, Batch
from sparsernn.training.forcing import AbstractForcing, plan
from sparsernn.training.optimizers import AbstractOptimizer, forget
from sparsernn.weights import Weights, get, replace

CALL_SECONDS = 0.5
"""A compiled call lasts about this long, so that Ctrl-C and progress bars answer."""


@dataclass(frozen=True)
class Trainer:
    """What decides a training besides seed and data. Trainers that differ only in numbers that scale (learning rates,
    strengths, noise, fractions: `Part.scales`) share their compilation."""

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

    @property
    def prunables(self) -> tuple[Prunable, ...]:
        return self.network.prunables(self.ports)

    @property
    def final_count(self) -> int:
        """Weights that exist when the sparsifier's schedule is over: denser checkpoints cannot be chosen."""
        acted = self.sparsifier.acted(self.prunables)
        total = sum(p.size for p in self.prunables) - sum(p.size for p in acted)
        return total + (self.sparsifier.final_count(acted, self.clock(0)) if acted else 0)

    def rate(self, step: Any) -> jax.Array:
        """The learning rate of update `step` (0, 1, ...)."""
        return self.optimizer.rate(step // self.updates_per_epoch, self.epochs)

    def clock(self, step: Any, round: Any = 0) -> Clock:
        return Clock(step, round, self.updates_per_epoch, self.epochs)


class Operands(NamedTuple):
    """What a compiled segment reads: the training's root key and round, the data, the regularizers' fixed arrays."""

    root: jax.Array
    round: Any
    data: Any
    fixed: tuple[Any, ...]


class Carry(NamedTuple):
    """The state of a training between two updates. `diverged` is the step at which it froze, -1 while it is healthy;
    `states` are those that the next window goes on from, where a task's windows follow one another, else ().
    `loss`, `penalty` (sums) and `norm` (largest) are of the updates of the running epoch."""

    weights: Weights
    trained: tuple[Any, ...]
    opt_state: Any
    sparse: SparseState
    states: Any
    loss: jax.Array
    penalty: jax.Array
    norm: jax.Array
    diverged: jax.Array


def init_carry(trainer: Trainer, weights: Weights, trained: tuple[Any, ...], sparse: SparseState) -> Carry:
    """The carry before the first update."""
    weights = masking.apply(weights, sparse.masks)
    zero = jnp.zeros(())
    opt_state = trainer.optimizer.rule().init((weights, trained))
    states = trainer.network.zeros((trainer.batch,)) if trainer.task.carried else ()
    return Carry(weights, trained, opt_state, sparse, states, zero, zero, zero, jnp.full((), -1, jnp.int32))


def beginning(trainer: Trainer, weights: Weights, batch: Batch, states: Any) -> tuple[Any, Forcing | None]:
    """The states a batch begins from, and its forcing."""
    observed = trainer.task.observed
    begun = trainer.network.init_states(weights, batch, observed, states)
    return begun, plan(trainer.forcing, batch) if observed else None


class Losses(NamedTuple):
    """Of one batch: the task's loss, the sum of strength * penalty, and the states after its last step."""

    loss: jax.Array
    penalty: jax.Array
    states: Any


def losses(
    trainer: Trainer,
    weights: Weights,
    trained: Any,
    fixed: Any,
    batch: Batch,
    states: Any = (),
    key: jax.Array | None = None,
) -> Losses:
    """Of masked weights on one batch, from the carried `states` where the task carries them. With a `key` values are
    dropped as the network's dropout says."""
    outputs, after = trainer.network.unroll(weights, batch.inputs, *beginning(trainer, weights, batch, states), key)
    penalty = jnp.zeros(())
    for regularizer, own, constant in zip(trainer.regularizers, trained, fixed, strict=True):
        penalty += regularizer.strength * regularizer.penalty(own, constant, weights, trainer.prunables)
    return Losses(trainer.task.loss(outputs, batch), penalty, after)


def update(trainer: Trainer, operands: Operands, step: Any, carry: Carry) -> Carry:
    """One update. The order is part of the contract:
    mask -> loss, dense gradients -> accumulate -> mask -> clip -> optimizer -> mask -> nudge -> new masks when due."""
    root, fixed = operands.root, operands.fixed
    batch = trainer.task.batch(operands.data, named(root, "batch", step), trainer.batch, step)

    def objective(parameters: Any) -> Any:
        weights, trained = parameters
        found = losses(trainer, weights, trained, fixed, batch, carry.states, named(root, "dropout", step))
        return found.loss + found.penalty, found

    masks = carry.sparse.masks
    weights = masking.apply(carry.weights, masks)
    (_, found), (dense, g_trained) = jax.value_and_grad(objective, has_aux=True)((weights, carry.trained))
    loss, penalty = found.loss, found.penalty
    sparse = trainer.sparsifier.accumulate(carry.sparse, dense)
    gradients = (masking.apply(dense, masks), g_trained)
    norm = optax.tree_utils.tree_norm(gradients)
    clock = trainer.clock(step + 1, operands.round)
    due = trainer.sparsifier.due(clock)

    def move(carry: Carry) -> Carry:
        rule = trainer.optimizer.rule()
        steps, opt_state = rule.update(
            trainer.optimizer.clip(gradients, norm), carry.opt_state, (weights, carry.trained)
        )
        rate = trainer.rate(step)
        moved, trained = jax.tree.map(lambda w, s: w - (rate * s).astype(w.dtype), (weights, carry.trained), steps)
        moved = masking.apply(moved, masks)
        moved = trainer.sparsifier.nudge(named(root, "nudge", step), sparse, moved, rate)
        trained = tuple(r.retract(t) for r, t in zip(trainer.regularizers, trained, strict=True))
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
            return after

        def rewire(after: Carry) -> Carry:
            activity = input_sd(trainer, weights, batch, carry.states) if trainer.sparsifier.needs_activity else None
            snapshot = Snapshot(clock, after.weights, jax.tree.map(jnp.abs, dense), activity, rate)
            return adopt(trainer, after, *trainer.sparsifier.update_masks(named(root, "masks", step), sparse, snapshot))

        return jax.lax.cond(due, rewire, lambda after: after, after)

    def freeze(carry: Carry) -> Carry:
        return carry._replace(diverged=jnp.where(carry.diverged < 0, jnp.asarray(step, jnp.int32), carry.diverged))

    sums = carry.loss + loss + carry.penalty + penalty
    healthy = (carry.diverged < 0) & jnp.isfinite(sums) & jnp.isfinite(norm)
    return jax.lax.cond(healthy, move, freeze, carry)


def adopt(trainer: Trainer, carry: Carry, sparse: SparseState, weights: Weights, changed: Masks) -> Carry:
    """Take over new masks; the optimizer forgets what it knew of dropped and grown entries."""
    marks = replace(jax.tree.map(lambda w: jnp.zeros((), bool), weights), changed)
    nothing = jax.tree.map(lambda t: jnp.zeros((), bool), carry.trained)
    opt_state = forget(trainer.optimizer.rule(), carry.opt_state, (marks, nothing))
    return carry._replace(weights=weights, sparse=sparse, opt_state=opt_state)


def input_sd(trainer: Trainer, weights: Weights, batch: Batch, states: Any) -> dict[str, jax.Array]:
    """sd of what every prunable multiplies on one batch, under the training's forcing."""
    paths = [p.path for p in trainer.prunables]
    return trainer.network.input_sd(weights, paths, batch.inputs, *beginning(trainer, weights, batch, states))


def segment(trainer: Trainer, operands: Operands, carry: Carry, first: Any, last: Any) -> Carry:
    """Updates ``first <= step < last`` in one compiled call. The bounds are traced and so are all numbers that only
    scale (`Part.scales`): trainers that differ in nothing else share one compilation."""
    return _segment(*split(trainer), operands, carry, first, last)


@partial(jax.jit, static_argnames=("skeleton",))
def _segment(skeleton: Trainer, numbers: Any, operands: Operands, carry: Carry, first: Any, last: Any) -> Carry:
    trainer = join(skeleton, numbers)
    return jax.lax.fori_loop(first, last, lambda step, carry: update(trainer, operands, step, carry), carry)


def average_signals(
    trainer: Trainer, operands: Operands, carry: Carry, step: Any, count: int = 16
) -> tuple[Weights, dict]:
    """Mean *absolute* dense gradients and mean activity over `count` batches, for sparsifiers that look from the host.

    At a trained minimum signed gradients average to nearly nothing; what a weight does to single batches does not.
    Nothing is dropped; where windows follow one another all begin from the carried states.
    """
    return _average_signals(*split(trainer), operands, carry, step, count)


@partial(jax.jit, static_argnames=("skeleton", "count"))
def _average_signals(skeleton: Trainer, numbers: Any, operands: Operands, carry: Carry, step: Any, count: int) -> Any:
    trainer = join(skeleton, numbers)

    def one(i: Any) -> Any:
        batch = trainer.task.batch(operands.data, named(operands.root, "signals", step, i), trainer.batch, step + i)
        weights = masking.apply(carry.weights, carry.sparse.masks)

        def objective(weights: Weights) -> jax.Array:
            found = losses(trainer, weights, carry.trained, operands.fixed, batch, carry.states)
            return found.loss + found.penalty

        return jax.tree.map(jnp.abs, jax.grad(objective)(weights)), input_sd(trainer, weights, batch, carry.states)

    return jax.tree.map(lambda a: a.mean(axis=0), jax.lax.map(one, jnp.arange(count)))


class Report(NamedTuple):
    """One epoch as the host sees it; also the columns of history.csv."""

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
    at_epoch: Callable[[Report, Carry], None],
    at_host: Callable[[int, Carry], Carry],
    at_call: Callable[[int, Carry], bool],
) -> tuple[Carry, int]:
    """Update from `step` to `until`. `at_epoch` is told of every finished epoch, `at_host` changes masks where the
    sparsifier needs the host, `at_call` is told after every compiled call and stops the loop by returning True.
    How the updates are cut into calls depends on the machine's speed; the numbers do not depend on it."""
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
            rate = float(trainer.rate(step - 1))
            sums = float(carry.loss) / size, float(carry.penalty) / size, float(carry.norm)
            zero = jnp.zeros_like(carry.loss)
            carry = carry._replace(loss=zero, penalty=zero, norm=zero)
            at_epoch(Report(epoch, step, *sums, rate, count(trainer, carry)), carry)
        if at_call(step, carry):
            break
    return carry, step


def count(trainer: Trainer, carry: Carry) -> int:
    """Number of weights that exist, over all prunable matrices."""
    masks = carry.sparse.masks
    return sum(
        int(masks[p.path].sum()) if p.path in masks else get(carry.weights, p.path).size for p in trainer.prunables
    )
