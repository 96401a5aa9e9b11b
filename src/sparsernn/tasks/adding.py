"""The adding problem: remember two marked numbers and give their sum."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.quantity import Quantity
from sparsernn.rng import key as named_key
from sparsernn.rules import at_least, holds
from sparsernn.tasks.base import SPLITS, AbstractTask, Batch, Split
from sparsernn.weights import Array, IntLike


class Sequences(NamedTuple):
    """Sequences, `inputs` (rows, length, 2), and the sums, `targets` (rows, 1)."""

    inputs: Array
    targets: Array


@dataclass(frozen=True)
class Adding(AbstractTask):
    r"""Remember two marked numbers of a sequence, and give their sum at its end: ``y = x[i] + x[j]``.

    Channel 1 holds the numbers x, uniform in (0, 1); in channel 2 ones mark i and j, all else is 0. Loss: mean squared
    error at the last step. Scores: that error, and the share of sequences answered to within .04. Always answering 1
    has the error Var(x_i + x_j) = 1/6.

    Args:
        length: steps of a sequence.
        marks: "halves": one mark uniform in each half (so that the first number must be kept for a while; the second
            half is the longer one of an odd length). "anywhere": two distinct positions, uniform over the sequence.
        held_out: number of sequences of validation and of test.
        seed: of these sequences.

    Training sequences are drawn afresh for every batch and never repeat, so ``data("train")`` is None;
    ``examples("train")`` stands for them with `held_out` fixed sequences. Validation and test are `held_out` sequences
    each, drawn from `seed` under their own names. Same bits in float32 and float64 mode.
    Source: Hochreiter & Schmidhuber 1997, doi 10.1162/neco.1997.9.8.1735; the papers leave the marks' law and the
    tolerance open or differ in them: `marks` and .04 are our choice.
    """

    length: int = 50
    marks: Literal["halves", "anywhere"] = "halves"
    held_out: int = 2_000
    seed: int = 0

    quantities = (
        Quantity("mse", "lower", "mean squared error of the sum after the last step"),
        Quantity("accuracy", "higher", "share of sequences whose error is below 0.04"),
    )
    tolerance: ClassVar[float] = 0.04

    rules = (
        holds(lambda length: length >= 2, "length must be at least 2 (two numbers are marked), got {length}"),
        at_least(1, "held_out"),
        holds(lambda seed: 0 <= seed < 2**32, "seed must lie in [0, 2^32), got {seed}"),
    )

    @property
    def inputs(self) -> int:
        return 2

    @property
    def outputs(self) -> int:
        return 1

    def content_hash(self) -> str:
        digest = hashlib.sha256()
        for split in SPLITS:
            for array in _fixed(self, split):
                digest.update(f"{split}{array.shape}{array.dtype.str}".encode() + array.tobytes())
        return digest.hexdigest()

    def data(self, split: Split) -> Sequences | None:
        """Return the fixed sequences of a split; None for ``train``, whose sequences are drawn anew."""
        return None if split == "train" else Sequences(*(jnp.asarray(a, dtype=float) for a in _fixed(self, split)))

    def batch(self, data: Sequences | None, key: jax.Array, size: int, step: IntLike = 0) -> Batch:
        """Return fresh sequences where `data` is None, else rows of it drawn with replacement."""
        if data is None:
            return _batch(self.draw(key, size))
        return _batch(jax.tree.map(lambda a: a[jax.random.randint(key, (size,), 0, len(data.inputs), jnp.int32)], data))

    def draw(self, key: jax.Array, size: int) -> Sequences:
        """Draw `size` new sequences."""
        k_values, k_first, k_second = jax.random.split(key, 3)

        def uniform(key: jax.Array, low: int, high: int) -> jax.Array:
            return jax.random.randint(key, (size,), low, high, jnp.int32)

        if self.marks == "halves":
            first, second = uniform(k_first, 0, self.length // 2), uniform(k_second, self.length // 2, self.length)
        else:
            first = uniform(k_first, 0, self.length)
            second = (first + uniform(k_second, 1, self.length)) % self.length
        values = jax.random.uniform(k_values, (size, self.length), jnp.float32).astype(float)
        steps = jnp.arange(self.length)
        marked = ((steps == first[:, None]) | (steps == second[:, None])).astype(float)
        return Sequences(jnp.stack([values, marked], axis=-1), (values * marked).sum(axis=-1, keepdims=True))

    def examples(self, split: Split, size: int) -> Iterator[Batch]:
        fixed = _fixed(self, split)
        for begin in range(0, self.held_out, size):
            yield _batch(Sequences(*(jnp.asarray(a[begin : begin + size], dtype=float) for a in fixed)))

    def loss(self, outputs: jax.Array, batch: Batch) -> jax.Array:
        return jnp.square(outputs[-1] - batch.targets).mean(axis=(-2, -1))

    def score(self, outputs: jax.Array, batch: Batch) -> dict[str, jax.Array]:
        near = jnp.abs(outputs[-1] - batch.targets) <= self.tolerance
        return {"mse": self.loss(outputs, batch), "accuracy": near.mean(axis=(-2, -1))}

    def reference(self) -> dict[str, float]:
        """Return the scores of always answering 1, the expected sum: near 1/6 and 1 - .96^2 = .078."""
        away = np.abs(_fixed(self, "test").targets.astype(float) - 1)
        return {
            "mse of always answering 1": float((away**2).mean()),
            "accuracy of always answering 1": float((away <= self.tolerance).mean()),
        }


def _batch(rows: Sequences) -> Batch:
    return Batch(jnp.swapaxes(rows.inputs, 0, 1), rows.targets, None)


@lru_cache(maxsize=16)
def _fixed(task: Adding, split: Split) -> Sequences:
    """The fixed sequences of a split, on the host in float32."""
    drawn = task.draw(named_key(task.seed, "adding", split), task.held_out)
    return Sequences(*(np.asarray(a, dtype=np.float32) for a in drawn))
