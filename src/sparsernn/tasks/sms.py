"""Text messages: which are spam?"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import DataError
from sparsernn.quantity import Quantity
from sparsernn.rules import at_least, holds
from sparsernn.tasks.base import SPLITS, AbstractTask, Batch, Split

UNKNOWN = "<unk>"
"""Stands for rare words, and behind the end of a message. Number 0."""


class Messages(NamedTuple):
    """Messages of a split: `words` (rows, length) int32, numbers into the vocabulary with 0 behind the last word;
    `sizes` (rows,), their numbers of words; `spam` (rows,), 0 or 1."""

    words: Any
    sizes: Any
    spam: Any


class Corpus(NamedTuple):
    """The messages of the three splits, and the words they are written with."""

    train: Messages
    validation: Messages
    test: Messages
    vocabulary: tuple[str, ...]


@dataclass(frozen=True)
class SmsSpam(AbstractTask):
    r"""A message word by word, at most `length` words; at its last one: ham (0) or spam (1)?

    Words are lower-case letters: all other characters are deleted (``don't`` becomes ``dont``), white space separates.
    Known are words seen at least `seen` times in whole training messages; the others are ``<unk>``, and so is a message
    without letters. The class is asked for at a message's own last word, so that what is behind it cannot matter.
    Splits: 70, 10 and 20 % of the messages, drawn at random by `seed`. Messages that look alike to the network (equal
    in their first `length` known words) stay on one side: of 5,574 messages 5,062 differ. The few that only the smaller
    vocabulary of the training messages makes alike are trained on.
    The network takes tokens: give it an `embedding`.

    Loss: cross-entropy (nats) at the last word. Scores: accuracy (86.6 % are ham); balanced accuracy, the mean of the
    shares of ham and of spam that are told; F1 of spam. `reference` has naive Bayes beside the commonest class.
    The published code is otherwise in four things, each a field, for comparison only (``examples/zhang2023_sms.yaml``
    sets them all): `vocabulary` is that of all messages; `copies` of a message lie anywhere; every message is filled up
    to `length` words and its class `read` at the last step, behind the filling; the `softmax` is taken twice, so that
    no loss is below ln(1 + 1/e) = 0.313.

    Source: Almeida et al. 2011, doi 10.1145/2034691.2034742 (data); task as in doi 10.1038/s42005-023-01364-0, where
    the vocabulary has 933 words: those seen more than ten times in all messages (at least ten times: 1,015). The
    validation split is ours.
    """

    length: int = 25
    seen: int = 10
    vocabulary: Literal["training", "all"] = "training"
    copies: Literal["together", "anywhere"] = "together"
    read: Literal["last word", "last step"] = "last word"
    softmax: Literal["once", "twice"] = "once"
    split: tuple[float, float, float] = (0.7, 0.1, 0.2)
    seed: int = 0
    path: str | None = None

    places: ClassVar[tuple[str, ...]] = ("path",)
    quantities = (
        Quantity("accuracy", "higher", "share of messages whose class has the larger output"),
        Quantity("balanced_accuracy", "higher", "mean of the shares of ham and of spam that are told"),
        Quantity("f1", "higher", "harmonic mean of precision and recall of spam", title="F1"),
        Quantity("loss", "lower", "mean cross-entropy at the last word", unit="nats"),
    )

    rules = (
        at_least(1, "length"),
        at_least(1, "seen"),
        holds(lambda split: min(split) > 0, "split needs three positive shares (train, validation, test), got {split}"),
        holds(
            lambda split: abs(sum(split) - 1) < 1e-6, lambda split: f"split must sum to 1, got {split} = {sum(split):g}"
        ),
        holds(lambda seed: 0 <= seed < 2**32, "seed must lie in [0, 2^32), got {seed}"),
    )

    @property
    def inputs(self) -> int:
        return 0

    @property
    def tokens(self) -> int:
        return len(self.load().vocabulary)

    @property
    def outputs(self) -> int:
        return 2

    def load(self) -> Corpus:
        """The messages; cached. DataError if they cannot be had."""
        return _load(replace(self, read="last word", softmax="once"))

    def describe(self) -> str:
        counts = ", ".join(f"{len(getattr(self.load(), split).spam):,} {split}" for split in SPLITS)
        quirks = [name for name, usual in _USUAL.items() if getattr(self, name) != usual]
        odd = f"; as published, not comparable: {', '.join(quirks)}" if quirks else ""
        return f"SMS spam, messages {counts}, {self.tokens:,} words{odd}"

    def content_hash(self) -> str:
        digest = hashlib.sha256("\n".join(self.load().vocabulary).encode())
        for split in SPLITS:
            for array in getattr(self.load(), split):
                digest.update(f"{split}{array.shape}".encode() + array.tobytes())
        return digest.hexdigest()

    def data(self, split: Split) -> Messages:
        return Messages(*map(jnp.asarray, getattr(self.load(), split)))

    def batch(self, data: Messages, key: jax.Array, size: int, step: Any = 0) -> Batch:
        picked = jax.random.randint(key, (size,), 0, data.spam.shape[0], jnp.int32)
        return self._batch(Messages(data.words[picked], data.sizes[picked], data.spam[picked]))

    def _batch(self, messages: Messages) -> Batch:
        """Targets are (T, B): the class at the step at which it is asked for, -1 at the others."""
        steps = jnp.arange(self.length)[:, None]
        asked = steps == (messages.sizes - 1 if self.read == "last word" else self.length - 1)
        return Batch(messages.words.T, jnp.where(asked, messages.spam, -1), None)

    def examples(self, split: Split, size: int) -> Iterator[Batch]:
        messages = getattr(self.load(), split)
        for begin in range(0, len(messages.spam), size):
            yield self._batch(Messages(*(jnp.asarray(array[begin : begin + size]) for array in messages)))

    def stream(self, split: Split) -> np.ndarray:
        """The messages one after the other, without filling."""
        messages = getattr(self.load(), split)
        return messages.words[np.arange(self.length) < messages.sizes[:, None]]

    def loss(self, outputs: jax.Array, batch: Batch) -> jax.Array:
        logits, spam = self._asked(outputs, batch)
        if self.softmax == "twice":
            logits = jax.nn.softmax(logits, axis=-1)
        chosen = jnp.where(spam[..., None] == jnp.arange(2), jax.nn.log_softmax(logits, axis=-1), 0)
        return -chosen.sum(axis=-1).mean(axis=-1)

    def score(self, outputs: jax.Array, batch: Batch) -> dict[str, jax.Array]:
        """Shares of all messages: `spam`, `called_spam` and `spam_found` are what `from_means` makes its numbers of."""
        logits, spam = self._asked(outputs, batch)
        called = (logits[..., 1] > logits[..., 0]).astype(outputs.dtype)
        return {
            "accuracy": (called == spam).mean(axis=-1),
            "loss": self.loss(outputs, batch),
            "spam": jnp.broadcast_to(spam, called.shape).astype(outputs.dtype).mean(axis=-1),
            "called_spam": called.mean(axis=-1),
            "spam_found": (called * spam).mean(axis=-1),
        }

    @staticmethod
    def _asked(outputs: jax.Array, batch: Batch) -> tuple[jax.Array, jax.Array]:
        """Outputs (..., B, 2) at the steps that are asked for, and the classes (B,) there."""
        asked = batch.targets >= 0
        shape = (*asked.shape[:1], *(1,) * (outputs.ndim - 3), *asked.shape[1:], 1)
        return jnp.where(asked.reshape(shape), outputs, 0).sum(axis=0), batch.targets.max(axis=0)

    def from_means(self, means: dict[str, float]) -> dict[str, float]:
        kept = {name: value for name, value in means.items() if name not in ("spam", "called_spam", "spam_found")}
        return kept | _rates(means["spam"], means["called_spam"], means["spam_found"])

    def reference(self) -> dict[str, float]:
        """On the test split: the training split's commonest class, and naive Bayes, from which words a message has
        (one added to every count)."""
        train, test = self.load().train, self.load().test
        shares = np.bincount(train.spam, minlength=2) / len(train.spam)
        known, asked = (_has_word(messages, len(self.load().vocabulary)) for messages in (train, test))
        counts = np.stack([known[train.spam == k].sum(axis=0) for k in (0, 1)]) + 1.0
        odds = counts / (np.bincount(train.spam, minlength=2)[:, None] + 2)
        logs = np.log(shares) + asked @ np.log(odds).T + (1 - asked) @ np.log1p(-odds).T
        called = logs.argmax(axis=1)
        told = _rates(*(float(x.mean()) for x in (test.spam, called, called * test.spam)))
        found = {
            "accuracy of the commonest class": float((test.spam == shares.argmax()).mean()),
            "accuracy of naive Bayes": float((called == test.spam).mean()),
            "balanced_accuracy of naive Bayes": told["balanced_accuracy"],
            "f1 of naive Bayes": told["f1"],
        }
        if self.softmax == "once":
            found["loss of the class frequencies"] = float(-np.log(shares)[test.spam].mean())
        return found


_USUAL = {"vocabulary": "training", "copies": "together", "read": "last word", "softmax": "once"}


def _rates(spam: float, called: float, found: float) -> dict[str, float]:
    """Balanced accuracy and F1 from shares of all messages; NaN where one class is missing."""
    if not 0 < spam < 1:
        return {"balanced_accuracy": float("nan"), "f1": float("nan")}
    balanced = 0.5 * (found / spam + 1 - (called - found) / (1 - spam))
    return {"balanced_accuracy": balanced, "f1": 2 * found / (spam + called)}


def _has_word(messages: Messages, words: int) -> np.ndarray:
    """(rows, words): 1 where a message has the word."""
    found = np.zeros((len(messages.spam), words))
    rows, steps = np.nonzero(np.arange(messages.words.shape[1]) < messages.sizes[:, None])
    found[rows, messages.words[rows, steps]] = 1
    return found


def tokenized(text: str) -> list[str]:
    """Lower-case words of letters only.

    >>> tokenized("Don't call 0800-123, m8!")
    ['dont', 'call', 'm']
    """
    return "".join(c for c in text.lower() if c.isalpha() or c.isspace()).split()


def _known(texts: Sequence[Sequence[str]], seen: int) -> tuple[str, ...]:
    counts = Counter(word for text in texts for word in text)
    ranked = sorted((word for word in counts if counts[word] >= seen), key=lambda word: (-counts[word], word))
    return (UNKNOWN, *ranked)


@lru_cache(maxsize=4)
def _load(task: SmsSpam) -> Corpus:
    from sparsernn.files.datasets import find
    from sparsernn.files.sms_spam import read_messages

    (place,) = find("sms_spam", task.path).values()
    messages = read_messages(place)
    texts = [tokenized(message.text) for message in messages]
    sides, vocabulary = _sides(task, texts)
    coded = _coded(texts, vocabulary, task.length)
    spam = np.array([message.spam for message in messages], np.int32)
    found: dict[str, Messages] = {}
    for side, split in enumerate(SPLITS):
        rows = np.flatnonzero(sides == side)
        if len(set(spam[rows])) < 2:
            raise DataError(f"{place}: the {split} split has no messages of both classes; give it a larger share")
        words = np.zeros((len(rows), task.length), np.int32)
        for line, row in zip(words, rows, strict=True):
            line[: len(coded[row])] = coded[row]
        found[split] = Messages(words, np.array([len(coded[row]) for row in rows], np.int32), spam[rows])
    return Corpus(found["train"], found["validation"], found["test"], vocabulary)


def _coded(texts: Sequence[Sequence[str]], vocabulary: Sequence[str], length: int) -> list[tuple[int, ...]]:
    number = {word: i for i, word in enumerate(vocabulary)}
    return [tuple(number.get(word, 0) for word in text[:length]) or (0,) for text in texts]


def _sides(task: SmsSpam, texts: Sequence[Sequence[str]]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The split of every message, as a number into `SPLITS`, and the vocabulary."""
    every = _known(texts, task.seen)
    alike: dict[Any, list[int]] = {}
    for row, code in enumerate(_coded(texts, every, task.length)):
        alike.setdefault(code if task.copies == "together" else row, []).append(row)
    groups = list(alike.values())
    sides = np.zeros(len(texts), np.int64)
    edges = np.cumsum(task.split)[:-1] * len(texts)
    taken = 0
    for which in np.random.default_rng(task.seed).permutation(len(groups)):
        sides[groups[which]] = np.searchsorted(edges, taken, side="right")
        taken += len(groups[which])
    if task.vocabulary == "all":
        return sides, every
    while True:
        words = _known([text for text, side in zip(texts, sides, strict=True) if side == 0], task.seen)
        if task.copies == "anywhere" or not _meet(_coded(texts, words, task.length), sides):
            return sides, words


def _meet(coded: Sequence[tuple[int, ...]], sides: np.ndarray) -> bool:
    """Move to the training messages all that are on several sides; say whether there were any."""
    on: dict[tuple[int, ...], set[int]] = {}
    for code, side in zip(coded, sides, strict=True):
        on.setdefault(code, set()).add(int(side))
    moved = [row for row, code in enumerate(coded) if sides[row] and len(on[code]) > 1]
    sides[moved] = 0
    return bool(moved)
