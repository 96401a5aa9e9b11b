"""What every task promises; those whose windows follow one another, and all others."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.tasks.base import SPLITS, AbstractTask, Batch
from sparsernn.testing.claims import check_part, claim, close, same

ALL = 10**6
"""Rows, more than any task has that is to be tried: one that does not bound them needs no more memory than there is."""


def check_task(task: AbstractTask, drawn_anew: bool = False) -> None:
    """All splits of the task, whole: give it few rows.

    `drawn_anew`: `batch` makes sequences of its own from the key (augmented, simulated), which are no rows of the
    split's examples; else those of validation and test must be.
    """
    check_part(task)
    claim(re.fullmatch("[0-9a-f]{64}", task.content_hash()), "content_hash must be a sha256 in hex")
    claim(task.content_hash() == dataclasses.replace(task).content_hash(), "equal tasks must have equal content hashes")  # type: ignore[type-var]
    leaves = [leaf for split in SPLITS for leaf in jax.tree.leaves(task.data(split))]
    claim(all(isinstance(leaf, jax.Array) for leaf in leaves), "data must be JAX arrays: the compiled loop reads them")
    check_references(task)
    check_loss(task)
    check_sizes(task)
    if task.carried:
        check_windows(task)
    else:
        check_shapes(task)
        check_batches(task, drawn_anew)
        check_splits(task)
        check_mean(task)


def _batch_axis(targets: Any, batch: int, length: int) -> int:
    """Where rows lie: targets are (T, B, ...) or (B, ...)."""
    return 1 if np.ndim(targets) >= 2 and targets.shape[:2] == (length, batch) else 0


def _length(batch: Batch) -> int:
    return len(batch.targets if batch.inputs is None else batch.inputs)


def _size(batch: Batch) -> int:
    return batch.first.shape[0] if batch.inputs is None else batch.inputs.shape[1]


def _weight(batch: Batch) -> float:
    return float(_size(batch) if batch.count is None else batch.count)


def _rows(batch: Batch) -> np.ndarray:
    """Sequences of a batch as one array, batch first."""
    axis = _batch_axis(batch.targets, _size(batch), _length(batch))
    parts = [(batch.inputs, 1), (batch.first, 0), (batch.targets, axis)]
    rows = [np.moveaxis(np.asarray(p), axis, 0) for p, axis in parts if p is not None]
    return np.concatenate([r.reshape(len(r), -1) for r in rows], axis=1)


def _bytes(batch: Batch) -> set[bytes]:
    return {row.tobytes() for row in _rows(batch)}


def _outputs(task: AbstractTask, batch: Batch, *leading: int) -> jax.Array:
    shape = (_length(batch), *leading, _size(batch), task.outputs)
    return jnp.asarray(np.random.default_rng(0).normal(size=shape), jnp.float32)


def _told(task: AbstractTask, outputs: Any, batch: Batch) -> dict[str, Any]:
    return {"loss of training": task.loss(outputs, batch), **task.score(outputs, batch)}


def check_references(task: AbstractTask) -> None:
    """Numbers, each named after its score."""
    batch = next(task.examples("test", 4))
    means = {name: float(np.mean(v)) for name, v in task.score(_outputs(task, batch), batch).items()}
    told = task.from_means({"loss": float(task.loss(_outputs(task, batch), batch)), **means})
    claim(set(task.better) <= set(told), f"better announces {sorted(task.better)}, and score gives {sorted(told)}")
    claim(set(task.better.values()) <= {"lower", "higher"}, "better says lower or higher of every score")
    for name, value in task.reference().items():
        claim(
            isinstance(value, float) and math.isfinite(value), f"reference {name!r} must be a finite float: {value!r}"
        )
        claim(any(name.startswith(s) for s in task.better), f"reference {name!r} must begin with a score of `better`")


def check_loss(task: AbstractTask) -> None:
    """Loss and scores keep the axes between time and batch; the loss has a finite gradient that says something."""
    batch = next(task.examples("validation", 5))
    outputs = _outputs(task, batch, 2, 3)
    for name, value in _told(task, outputs, batch).items():
        claim(value.shape == (2, 3), f"{name} must keep axes between time and batch: (2, 3), got {value.shape}")
        for i, j in ((0, 0), (1, 2)):
            alone = _told(task, outputs[:, i, j], batch)[name]
            close(value[i, j], alone, f"{name} of outputs with more axes must be that of each alone", 1e-4)
    gradient = jax.grad(lambda o: task.loss(o, batch))(_outputs(task, batch))
    claim(np.isfinite(gradient).all(), "the loss must have a finite gradient")
    claim(np.abs(gradient).max() > 0, "the loss must depend on the outputs")


def check_sizes(task: AbstractTask) -> None:
    """What is told of a whole split does not depend on the size of the batches it is read in."""
    for split in ("validation", "test"):
        whole: list[dict[str, float]] = []
        for size in (7, ALL):
            sums: dict[str, float] = {}
            total = 0.0
            for batch in task.examples(split, size):
                level = jnp.linspace(-1, 1, task.outputs) if task.outputs > 1 else jnp.full(1, 0.3)
                outputs = jnp.broadcast_to(level, (_length(batch), _size(batch), task.outputs))
                for name, value in _told(task, outputs, batch).items():
                    sums[name] = sums.get(name, 0.0) + float(value) * _weight(batch)
                total += _weight(batch)
            whole.append({"items": total, **{name: value / total for name, value in sums.items()}})
        close(
            whole[0],
            whole[1],
            f"{split}: means over batches must not depend on their sizes",
            1e-4,
        )


def check_shapes(task: AbstractTask) -> None:
    """Time first; what is announced is what comes."""
    compiled = jax.jit(task.batch, static_argnums=2)
    for split in SPLITS:
        for batch in (compiled(task.data(split), jax.random.key(0), 6), next(task.examples(split, 6))):
            length = _length(batch)
            if task.tokens:
                claim(batch.inputs.shape == (length, 6), f"tokens must be (T, B), got {batch.inputs.shape}")
            elif task.inputs:
                wanted = (length, 6, task.inputs)
                claim(
                    batch.inputs.shape == wanted, f"inputs must be (T, B, inputs) = {wanted}, got {batch.inputs.shape}"
                )
                claim(
                    6 in batch.targets.shape[:2], f"targets must be (T, B, ...) or (B, ...), got {batch.targets.shape}"
                )
            else:
                claim(batch.inputs is None, "a task without inputs has inputs None")
                wanted = (length, 6, task.outputs)
                claim(batch.targets.shape == wanted, f"targets must be (T, B, outputs), got {batch.targets.shape}")
            first = task.outputs if task.observed else task.first
            if first:
                claim(batch.first.shape == (6, first), f"first must be (B, {first}), got {np.shape(batch.first)}")
            else:
                claim(batch.first is None, "a task that is not observed and has no `first` gives first None")
            claim(np.isfinite(_rows(batch)).all(), f"{split}: inputs and targets must be finite")


def check_batches(task: AbstractTask, drawn_anew: bool) -> None:
    """Batches come from the key alone, compiled or not, and hold no sequence of another split."""
    compiled = jax.jit(task.batch, static_argnums=2)
    quiet = task
    if task.observed and hasattr(task, "noise"):
        quiet = dataclasses.replace(task, noise=0.0)  # type: ignore[type-var]
    for split in SPLITS:
        data = task.data(split)
        first, again, other = (_rows(compiled(data, jax.random.key(seed), 8)) for seed in (1, 1, 2))
        same(first, again, "batch must give the same sequences for the same key")
        claim(not np.array_equal(first, other), "batch must give other sequences for another key")
        close(_rows(task.batch(data, jax.random.key(1), 8)), first, "batch must be the same compiled", 1e-5)
    train = {r for b in task.examples("train", ALL) for r in _bytes(b)}
    for split in ("validation", "test"):
        drawn = quiet.batch(quiet.data(split), jax.random.key(5), 40)
        if task.observed:  # windows may begin anywhere: row by row
            pieces = {row.tobytes() for row in np.vstack([drawn.first, *np.asarray(drawn.targets)])}
            data = [np.asarray(a) for a in jax.tree.leaves(quiet.data(split))]
            known = {row.tobytes() for a in data if a.ndim > 1 for row in a.reshape(-1, a.shape[-1])}
        else:
            pieces, known = _bytes(drawn), {r for b in task.examples(split, ALL) for r in _bytes(b)}
        claim(len(pieces) > 1, f"{split}: 40 sequences must not all be one")
        if not drawn_anew:
            claim(pieces <= known, f"a batch of {split} must consist of what {split} holds (or drawn_anew=True)")
        claim(not _bytes(drawn) & train, f"a batch of {split} must hold no training sequence")


def check_splits(task: AbstractTask) -> None:
    """Examples cover a split once, in order, whatever the size; splits share no sequence."""
    seen: dict[str, set[bytes]] = {}
    for split in SPLITS:
        (whole,) = (_rows(b) for b in task.examples(split, ALL))
        parts = [_rows(b) for b in task.examples(split, max(7, len(whole) // 3))]
        same(np.concatenate(parts), whole, f"{split}: examples must come in one order, whatever the size of batches")
        seen[split] = {row.tobytes() for row in whole}
        claim(len(seen[split]) > 1, f"{split} must hold more than one sequence")
    for one, other in (("train", "validation"), ("train", "test"), ("validation", "test")):
        shared = len(seen[one] & seen[other])
        claim(not shared, f"{one} and {other} must share no sequence, and have {shared} in common")


def check_mean(task: AbstractTask) -> None:
    """Loss and scores are means over the rows of a batch."""
    batch = next(task.examples("validation", 5))
    if batch.count is not None:
        return  # means over something else: see check_sizes
    axis = _batch_axis(batch.targets, 5, _length(batch))
    outputs = _outputs(task, batch)

    def row(i: int) -> dict[str, Any]:
        cut = lambda a, at: None if a is None else jnp.take(jnp.asarray(a), jnp.arange(i, i + 1), axis=at)
        one = batch._replace(inputs=cut(batch.inputs, 1), targets=cut(batch.targets, axis), first=cut(batch.first, 0))
        return _told(task, outputs[:, i : i + 1], one)

    singles = [row(i) for i in range(5)]
    for name, value in _told(task, outputs, batch).items():
        mean = np.mean([s[name] for s in singles])
        close(np.asarray(value), mean, f"{name} must be a mean over the batch, so that batches can be averaged", 1e-4)


def check_windows(task: AbstractTask) -> None:
    """`batch` is the window of its step, the same in every pass; states begin anew at least where a pass does."""
    size = 4
    compiled = jax.jit(task.batch, static_argnums=2)
    data, passes = task.data("train"), task.updates_a_pass(size)
    batches = [compiled(data, jax.random.key(0), size, step) for step in range(min(2 * passes, passes + 50))]
    claim(bool(np.asarray(batches[0].begins).all()), "in the first window every row must begin: begins all True")
    for step, batch in enumerate(batches):
        claim(batch.inputs.shape[1] == size, f"inputs must be (T, {size}, ...), got {batch.inputs.shape}")
        claim(np.shape(batch.begins) == (size,), f"begins must say of every row whether it begins: ({size},)")
        expected = batches[step % passes]
        same(batch.inputs, expected.inputs, "a pass must go through the same windows as the one before")
        same(batch.begins, expected.begins, "a pass must begin where the one before began")
    for split in SPLITS:
        read = list(task.examples(split, 3))
        claim(bool(np.asarray(read[0].begins).all()), f"{split}: in the first window every row must begin")
        claim(len({b.inputs.shape for b in read}) == 1, f"{split}: all windows must have one shape: states are carried")
