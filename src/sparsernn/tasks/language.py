"""Word language models: after every word, which comes next?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import DataError
from sparsernn.quantity import Quantity
from sparsernn.rules import at_least, holds
from sparsernn.tasks.base import SPLITS, AbstractTask, Batch, Split


class Text(NamedTuple):
    """Words as positions in `words` (int32, one after the other) of the three splits."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    words: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Language(AbstractTask):
    r"""The next word of a running text, window after window, states carried on.

    The text: exactly one of `corpus` (``ptb``, ``wikitext-2``, found as `sparsernn.files.datasets` says, in their own
    splits; `path` names a directory instead) or `file` (any UTF-8 text; its lines are cut 80 : 10 : 10 in order). Words
    are what white space separates, with ``<eos>`` at the end of every line. The vocabulary of a corpus is that of its
    three files; of a file that of its training lines, at most `vocabulary` words, the others ``<unk>``.

    Training: the text is cut into as many columns of equal length as a batch has rows; update k takes the next
    `sequence` words of every column, states go on from window to window and begin at rest where a pass begins. What is
    left over at the end of a column (less than a window) is not trained on. ``updates_per_epoch: pass`` in a run makes
    an epoch of one pass.
    Evaluation: every word of a split once, in `rows` columns read side by side, the first word after ``<eos>``; only
    the first words of a column lack their past. Loss: mean cross-entropy (nats) a word; `perplexity` its exponential.
    Source: Mikolov et al. 2010 (Penn Treebank, 10,000 words), Merity et al. 2016, arXiv 1609.07843 (WikiText-2).
    """

    corpus: Literal["ptb", "wikitext-2"] | None = None
    file: str | None = None
    path: str | None = None
    vocabulary: int = 10_000
    sequence: int = 35
    rows: int = 10

    carried: ClassVar[bool] = True
    places: ClassVar[tuple[str, ...]] = ("file", "path")
    quantities = (Quantity("perplexity", "lower", "exp of the mean loss over all words of the split"),)

    rules = (
        holds(lambda corpus, file: (corpus is None) != (file is None), "give exactly one of corpus and file"),
        holds(lambda path, corpus: path is None or corpus is not None, "path is a corpus' directory: give corpus"),
        at_least(2, "vocabulary"),
        at_least(1, "sequence"),
        at_least(1, "rows"),
    )

    @property
    def inputs(self) -> int:
        return 0

    @property
    def tokens(self) -> int:
        return len(self.load().words)

    @property
    def outputs(self) -> int:
        return self.tokens

    def load(self) -> Text:
        """The words; cached. DataError if the text cannot be had or is too short."""
        return _load(self.corpus, self.file, self.path, self.vocabulary)

    def describe(self) -> str:
        return self.load().source

    def content_hash(self) -> str:
        text = self.load()
        digest = hashlib.sha256("\n".join(text.words).encode())
        for split in SPLITS:
            digest.update(f"{split}{len(getattr(text, split))}".encode() + getattr(text, split).tobytes())
        return digest.hexdigest()

    def updates_a_pass(self, batch: int) -> int:
        windows = (len(self.load().train) - 1) // batch // self.sequence
        if windows < 1:
            raise DataError(
                f"{self.load().source}: {len(self.load().train):,} words are less than one window of {self.sequence} "
                f"in each of {batch} rows; take fewer rows or a shorter sequence"
            )
        return windows

    def data(self, split: Split) -> jax.Array:
        return jnp.asarray(getattr(self.load(), split))

    def batch(self, data: jax.Array, key: jax.Array, size: int, step: Any = 0) -> Batch:
        length = (data.shape[0] - 1) // size
        window = step % (length // self.sequence)
        first = jnp.arange(size) * length + window * self.sequence
        words = data[first[None, :] + jnp.arange(self.sequence + 1)[:, None]]
        return Batch(words[:-1], words[1:], None, jnp.full(size, window == 0))

    def examples(self, split: Split, size: int) -> Iterator[Batch]:
        words = getattr(self.load(), split)
        rows = min(size, self.rows, len(words))
        length = -(-len(words) // rows)
        end = self.load().words.index("<eos>")
        given = np.concatenate([[end], words[:-1]]).astype(np.int32)
        windows = -(-length // self.sequence)
        padded = np.zeros((2, rows, windows * self.sequence), np.int32)
        padded[1] = -1  # no word is asked for
        for row in range(rows):
            own = slice(row * length, min((row + 1) * length, len(words)))
            padded[0, row, : own.stop - own.start], padded[1, row, : own.stop - own.start] = given[own], words[own]
        for k in range(windows):
            x, y = padded[:, :, k * self.sequence : (k + 1) * self.sequence].transpose(0, 2, 1)
            yield Batch(jnp.asarray(x), jnp.asarray(y), None, jnp.full(rows, k == 0), int((y >= 0).sum()))

    def stream(self, split: Split) -> np.ndarray:
        """The text."""
        return getattr(self.load(), split)

    def loss(self, outputs: jax.Array, batch: Batch) -> jax.Array:
        shape = (*outputs.shape[:1], *(1,) * (outputs.ndim - 3), *batch.targets.shape[1:])
        targets = jnp.broadcast_to(batch.targets.reshape(shape), outputs.shape[:-1])
        asked = targets >= 0
        scores = jnp.take_along_axis(outputs, jnp.maximum(targets, 0)[..., None], axis=-1)[..., 0]
        nats = jax.nn.logsumexp(outputs, axis=-1) - scores
        return jnp.where(asked, nats, 0).sum(axis=(0, -1)) / jnp.maximum(asked.sum(axis=(0, -1)), 1)

    def score(self, outputs: jax.Array, batch: Batch) -> dict[str, jax.Array]:
        return {}

    def from_means(self, means: dict[str, float]) -> dict[str, float]:
        return means | {"perplexity": float(np.exp(means["loss"]))}

    def reference(self) -> dict[str, float]:
        """Perplexity of the training text's word frequencies (one added to every count)."""
        text = self.load()
        counts = np.bincount(text.train, minlength=len(text.words)) + 1.0
        return {"perplexity of word frequencies": float(np.exp(-np.log(counts / counts.sum())[text.test].mean()))}


FILES = {
    "ptb": ("ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"),
    "wikitext-2": ("wiki.train.tokens", "wiki.valid.tokens", "wiki.test.tokens"),
}


@lru_cache(maxsize=4)
def _load(corpus: str | None, file: str | None, path: str | None, most: int) -> Text:
    from sparsernn.files import text
    from sparsernn.files.datasets import find

    if corpus is not None:
        files = find(corpus, path)
        parts = [text.read_lines(files[name]) for name in FILES[corpus]]
        words, source = text.vocabulary(line for part in parts for line in part), corpus
    else:
        assert file is not None
        lines = text.read_lines(file)
        edges = [round(share * len(lines)) for share in (0.8, 0.9)]
        parts, source = [lines[: edges[0]], lines[edges[0] : edges[1]], lines[edges[1] :]], file
        if not all(parts):
            raise DataError(f"{file} has {len(lines)} lines; a text needs at least ten to be split in three")
        words = text.vocabulary(parts[0], most - 1)
        words = words if text.UNKNOWN in words else (*words, text.UNKNOWN)
    train, validation, test = (text.encode(part, words, source) for part in parts)
    counted = f"{source}: {len(train):,} words to train, {len(words):,} different ones"
    return Text(train, validation, test, words, counted)
