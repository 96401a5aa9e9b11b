"""The suite of tasks tried itself."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.tasks.base import AbstractTask, Batch
from sparsernn.testing import check_task

ROWS, LENGTH = {"train": 12, "validation": 8, "test": 9}, 5


@dataclass(frozen=True)
class Echo(AbstractTask):
    """Correct: every step asks for the sign of its own input, in the middle only; no references; begins from a code."""

    promise: str = ""
    better: ClassVar[dict] = {"mse": "lower"}

    inputs = 2
    outputs = 2
    first = 3

    def content_hash(self):
        return (str(np.random.default_rng().integers(9)) if self.promise == "hash" else "0") * 64

    def rows(self, split):
        seed = 0 if self.promise == "leak" else list(ROWS).index(split)
        return np.random.default_rng(seed).normal(size=(ROWS[split], LENGTH, 2)).astype(np.float32)

    def data(self, split):
        return jnp.asarray(self.rows(split))

    def made(self, rows):
        x = jnp.swapaxes(rows, 0, 1)
        targets = jnp.sign(x) if self.promise != "short" else jnp.sign(x)[:, :1]
        return Batch(rows if self.promise == "batch first" else x, targets, jnp.ones((len(rows), 3)))

    def batch(self, data, key, size, step=0):
        if self.promise == "impure":
            key = jax.random.key(np.random.default_rng().integers(99))
        rows = data[jax.random.randint(key, (size,), 0, len(data))]
        return self.made(rows + 0.1 * jax.random.normal(key, rows.shape) if self.promise == "noise" else rows)

    def examples(self, split, size):
        rows = self.data(split)
        for begin in range(0, len(rows) - (self.promise == "drops the last"), size):
            yield self.made(rows[begin : begin + size])

    def loss(self, outputs, batch):
        middle = slice(1, 4)
        targets = batch.targets[middle].reshape(3, *(1,) * (outputs.ndim - 3), *batch.targets.shape[1:])
        error = jnp.square(outputs[middle] - targets)
        if self.promise == "sum":
            return error.mean(axis=(0, -1)).sum(axis=-1)
        return error.mean() if self.promise == "all axes" else error.mean(axis=(0, -2, -1))

    def score(self, outputs, batch):
        return {"other" if self.promise == "unannounced" else "mse": self.loss(outputs, batch)}

    def reference(self):
        return {"accuracy of always 0": 0.5} if self.promise == "reference" else {}


def test_an_odd_task_passes():
    check_task(Echo())


def test_sequences_made_anew_pass_where_it_is_said():
    check_task(Echo("noise"), drawn_anew=True)


@pytest.mark.parametrize(
    ("promise", "sentence"),
    [
        ("hash", "equal content hashes"),
        ("leak", "no training sequence|share no sequence"),
        ("noise", "must consist of what validation holds"),
        ("impure", "for the same key|for another key"),
        ("sum", "must not depend on their sizes|mean over the batch"),
        ("all axes", "must keep axes"),
        ("unannounced", "better announces"),
        ("reference", "must begin with a score"),
        ("drops the last", "examples must come in one order|must not depend on their sizes"),
    ],
)
def test_wrong_tasks_fail(promise, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_task(Echo(promise))


@dataclass(frozen=True)
class Documents(Echo):
    """Correct: windows that follow one another, of which rows begin anew at different times."""

    carried = True
    first = 0

    def begins(self, step):
        offset = jnp.where(step % 6 == 0, 0, jnp.arange(99))
        return (step + offset) % 3 == 0 if self.promise != "never" else jnp.zeros(99, bool)

    def updates_a_pass(self, batch):
        return 6

    def batch(self, data, key, size, step=0):
        window = jax.lax.dynamic_slice_in_dim(data.reshape(-1, 2), 2 * (step % 6), 2 * size).reshape(size, 2, 2)
        if self.promise == "by key":
            window = window + jax.random.normal(jax.random.fold_in(key, step), window.shape)
        x = jnp.swapaxes(window, 0, 1)
        return Batch(x, jnp.sign(x), None, self.begins(step)[:size])

    def examples(self, split, size):
        rows = self.rows(split)[:6]
        for step in range(3):
            x = jnp.swapaxes(jnp.asarray(rows[:, :4]), 0, 1)
            yield Batch(x + step, jnp.sign(x), None, self.begins(step)[:6])

    def loss(self, outputs, batch):
        targets = batch.targets.reshape(len(batch.targets), *(1,) * (outputs.ndim - 3), *batch.targets.shape[1:])
        return jnp.square(outputs - targets).mean(axis=(0, -2, -1))


def test_windows_whose_rows_begin_at_different_times_pass():
    check_task(Documents())


@dataclass(frozen=True)
class AsAsked(Documents):
    """Wrong: reads as many rows as it is asked for, however many there are."""

    def examples(self, split, size):
        assert size <= 10**6, "that takes all memory"
        stream = jnp.asarray(self.rows(split)).reshape(-1, 2)
        length = max(1, len(stream) // size // 2)
        x = stream[jnp.arange(size) * length + jnp.arange(length)[:, None]]
        yield Batch(x, jnp.sign(x), None, jnp.ones(size, bool))


def test_rows_without_bounds_are_told_and_need_little_memory():
    with pytest.raises(AssertionError, match="must not depend on their sizes"):
        check_task(AsAsked())


@pytest.mark.parametrize(("promise", "sentence"), [("never", "every row must begin"), ("by key", "the same windows")])
def test_wrong_windows_fail(promise, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_task(Documents(promise))
