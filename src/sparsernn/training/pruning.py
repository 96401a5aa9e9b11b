"""Pruning on the host: between trainings, and in the middle of one, by what single weights do."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn import rng
from sparsernn.errors import Interrupted
from sparsernn.masks import Prunable, dense
from sparsernn.precision import precise
from sparsernn.progress import Progress
from sparsernn.runs.checkpoint import unpack
from sparsernn.runs.directory import Directory
from sparsernn.runs.record import Record
from sparsernn.sparsifiers.base import Importance, Snapshot, SparseState
from sparsernn.training import loop
from sparsernn.training.first_weights import FirstWeights, fresh_again
from sparsernn.training.loop import Carry, Operands, Trainer
from sparsernn.training.product import Product
from sparsernn.training.run_spec import RunSpec
from sparsernn.training.signals import average_signals
from sparsernn.weights import Weights, under


def acted(spec: RunSpec, trainer: Trainer) -> tuple[Prunable, ...]:
    """Return the matrices that the run's own sparsifier acts on (between trainings the trainer's does nothing)."""
    assert spec.sparsifier is not None
    return spec.sparsifier.acted(trainer.prunables)


def begin_round(
    spec: RunSpec,
    trainer: Trainer,
    operands: Operands,
    parent: Record,
    begun: FirstWeights,
    trained: tuple,
    importance: Callable[[Weights], Importance],
) -> Carry:
    """Begin a round: judge the parent's weights, and take from the rewound ones what was cut. What the
    regularizers have learned (where neurons lie) is kept, however the weights begin."""
    assert spec.sparsifier is not None
    assert spec.rounds is not None
    round = int(operands.round)
    weights = jax.tree.map(jnp.asarray, parent.weights())
    trained = unpack(trained, under(parent.regularizers(), "trained/"))
    mine, others = parted(spec, trainer, parent)
    state = SparseState(mine, ())
    gradients, activity = average_signals(
        trainer, operands, loop.init_carry(trainer, weights, trained, state, others), 0
    )
    snapshot = Snapshot(trainer.clock(0, round), weights, gradients, activity, trainer.rate(0))
    key = rng.key(spec.seed, "prune", round)
    after, kept, _ = spec.sparsifier.update_masks(key, state, snapshot, importance(weights))
    start = kept
    if spec.rounds.rewind == "initial":
        start = begun.weights
    elif spec.rounds.rewind == "random":
        start = fresh_again(spec, trainer, round, begun)
    return loop.init_carry(trainer, start, trained, SparseState(after.masks, ()), others)


def parted(spec: RunSpec, trainer: Trainer, parent: Record) -> tuple[dict, dict]:
    """Split the parent's masks: of the matrices that are pruned, and of others (given ones, which stay)."""
    masks = {path: jnp.asarray(mask) for path, mask in parent.masks().items()}
    mine = dense(acted(spec, trainer))
    return {path: masks.get(path, ones) for path, ones in mine.items()}, {
        p: m for p, m in masks.items() if p not in mine
    }


def masks_from_host(
    trainer: Trainer, operands: Operands, step: int, carry: Carry, importance: Callable[[Weights], Importance]
) -> Carry:
    """Change masks in the middle of a training, for a sparsifier that works on the host."""
    gradients, activity = average_signals(trainer, operands, carry, step)
    clock = trainer.clock(step, operands.round)
    rate = trainer.rate(step - 1, carry.opt_state)
    snapshot = Snapshot(clock, carry.weights, gradients, activity, rate)
    key = rng.named(operands.root, "masks", step)
    changed = trainer.sparsifier.update_masks(key, carry.sparse, snapshot, importance(Product.of(carry).weights))
    return loop.adopt(trainer, carry, *changed)


def importance_of(
    spec: RunSpec,
    trainer: Trainer,
    directory: Directory,
    weights: Weights,
    progress: Progress,
    stopped: Callable[[], bool],
) -> Importance:
    """Return how much worse the validation run is without each weight, by the judge of this run; kept on disk."""
    judge, matrices = spec.judge, {p.path: p for p in trainer.prunables}

    def importance(path: str, indices: np.ndarray, starts: int) -> np.ndarray:
        assert judge is not None, "RunSpec asks for one"

        def say(done: int, of: int) -> None:
            progress(f"importance of {path}", done, of)
            if stopped():
                raise Interrupted("stopped while single weights were judged; the same command judges them again")

        with precise(False):
            found = judge.ablate(trainer.network, weights, trainer.task, matrices[path], indices, starts, say)
        arrays = {"indices": indices, "increase": found.increase, "baseline": found.baseline}
        directory.save_importance({f"{path}:{name}": array for name, array in arrays.items()})
        return found.increase

    return importance
