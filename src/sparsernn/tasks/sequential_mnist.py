"""Handwritten digits read row by row."""

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

CLASSES = 10


class Digits(NamedTuple):
    """Images (rows, height, width) uint8 and labels (rows,) of the three splits; `top` is the brightest pixel value."""

    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]
    top: int
    source: str


class Rows(NamedTuple):
    """Images (rows, height, width) uint8 and labels (rows,); inputs are ``images * gain + shift``."""

    images: Any
    labels: Any
    gain: Any
    shift: Any


@dataclass(frozen=True)
class SequentialMNIST(AbstractTask):
    r"""One image row a step, from the top: 28 steps of 28 pixels; the class (10) is read at the last step.

    `source`: ``mnist`` (found as `sparsernn.files.datasets` says; files in a given directory `path` are taken as they
    are, so Fashion-MNIST can stand in), ``digits`` (scikit-learn's 1,797 images of 8 x 8), or ``auto``: MNIST where it
    is found, else digits; a given `path` must hold it. `describe` says which it was, and the content hash covers it.
    Splits, in file order: MNIST's first 55,000 of its 60,000 training images, their last 5,000 (a twelfth), and its own
    10,000 test images; of digits the first 60 %, the next 20 %, the last 20 %.

    Pixels are scaled to [0, 1]; `standardize` then subtracts the mean and divides by the sd of all training pixels.
    Loss: cross-entropy (nats) at the last step. Scores: accuracy, and that loss. Images stay uint8 on the device
    (43 MB) and are scaled batch by batch.
    `test_images`: the test split is its first so many images. For comparison only: the code of doi
    10.1038/s42005-023-01364-0 scores on 500 while it trains.
    Source: doi 10.1109/5.726791 (data); row order and 55,000/10,000 as in doi 10.1038/s42005-023-01364-0; the
    validation split is ours.
    Raises DataError where the data are missing or not what they should be.
    """

    source: Literal["auto", "mnist", "digits"] = "auto"
    path: str | None = None
    standardize: bool = False
    test_images: int | None = None

    places: ClassVar[tuple[str, ...]] = ("path",)
    quantities = (
        Quantity("accuracy", "higher", "share of images whose class has the largest output at the last step"),
        Quantity("loss", "lower", "mean cross-entropy at the last step", unit="nats"),
    )

    rules = (
        holds(
            lambda source, path: path is None or source != "digits",
            "path: digits come with scikit-learn, leave path out",
        ),
        at_least(1, "test_images"),
    )

    @property
    def inputs(self) -> int:
        return self.load().train[0].shape[2]

    @property
    def outputs(self) -> int:
        return CLASSES

    def load(self) -> Digits:
        """The images; cached. DataError if they cannot be had."""
        digits = _load(self.source, self.path)
        images, labels = (array[: self.test_images] for array in digits.test)
        if self.test_images and len(images) < self.test_images:
            raise DataError(f"test_images: {digits.source} has {len(images):,} test images, got {self.test_images:,}")
        return digits._replace(test=(images, labels))

    def describe(self) -> str:
        some = f", the first {self.test_images:,} test images only" if self.test_images else ""
        return self.load().source + some

    def content_hash(self) -> str:
        digits = self.load()
        digest = hashlib.sha256(f"{digits.top}".encode())
        for split in SPLITS:
            for array in getattr(digits, split):
                digest.update(f"{split}{array.shape}{array.dtype.str}".encode() + np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def data(self, split: Split) -> Rows:
        images, labels = getattr(self.load(), split)
        gain, shift = self._scaling()
        return Rows(jnp.asarray(images), jnp.asarray(labels), jnp.asarray(gain, float), jnp.asarray(shift, float))

    def _scaling(self) -> tuple[float, float]:
        digits = self.load()
        if not self.standardize:
            return 1 / digits.top, 0.0
        counts = np.bincount(digits.train[0].ravel(), minlength=256)
        pixels = np.arange(256)
        mean = np.average(pixels, weights=counts)
        sd = np.average((pixels - mean) ** 2, weights=counts) ** 0.5
        return float(1 / sd), float(-mean / sd)

    def batch(self, data: Rows, key: jax.Array, size: int, step: Any = 0) -> Batch:
        picked = jax.random.randint(key, (size,), 0, data.images.shape[0], jnp.int32)
        return _batch(data._replace(images=data.images[picked], labels=data.labels[picked]))

    def examples(self, split: Split, size: int) -> Iterator[Batch]:
        images, labels = getattr(self.load(), split)
        gain, shift = self._scaling()
        for begin in range(0, len(images), size):
            part = slice(begin, begin + size)
            yield _batch(Rows(jnp.asarray(images[part]), jnp.asarray(labels[part]), gain, shift))

    def loss(self, outputs: jax.Array, batch: Batch) -> jax.Array:
        wanted = jax.nn.one_hot(batch.targets, CLASSES, dtype=outputs.dtype)
        return -(jax.nn.log_softmax(outputs[-1], axis=-1) * wanted).sum(axis=-1).mean(axis=-1)

    def score(self, outputs: jax.Array, batch: Batch) -> dict[str, jax.Array]:
        right = outputs[-1].argmax(axis=-1) == batch.targets
        return {"accuracy": right.mean(axis=-1), "loss": self.loss(outputs, batch)}

    def reference(self) -> dict[str, float]:
        """On the test split: accuracy of the training split's commonest class, loss of its class frequencies."""
        digits = self.load()
        counts = np.bincount(digits.train[1], minlength=CLASSES)
        labels = digits.test[1]
        return {
            "accuracy of the commonest class": float((labels == counts.argmax()).mean()),
            "loss of the class frequencies": float(-np.log(counts / counts.sum())[labels].mean()),
        }


def _batch(rows: Rows) -> Batch:
    inputs = jnp.asarray(rows.images, float) * rows.gain + rows.shift
    return Batch(jnp.swapaxes(inputs, 0, 1), rows.labels, None)


@lru_cache(maxsize=4)
def _load(source: str, path: str | None) -> Digits:
    if source == "digits":
        return _digits("scikit-learn's digits, 8 rows of 8")
    from sparsernn.files.datasets import find

    try:
        files = find("mnist", path)
    except DataError:
        if source == "mnist" or path is not None:
            raise
        return _digits("scikit-learn's digits, 8 rows of 8 (MNIST was not found)")
    from sparsernn.files.images import read_idx

    images, labels, test_images, test_labels = (
        read_idx(files[f"{name}-ubyte.gz"])
        for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    )
    held_out = len(images) // 12
    for name, pictures, classes in (("training", images, labels), ("test", test_images, test_labels)):
        if pictures.ndim != 3 or pictures.shape[1:] != images.shape[1:] or classes.shape != pictures.shape[:1]:
            raise DataError(
                f"MNIST: {name} images of shape {pictures.shape} with labels of shape {classes.shape}; expected (n, "
                "height, width) with (n,), one size for all; take the four files of one publication"
            )
        if held_out < 1 or len(pictures) < 1 or classes.max() >= CLASSES:
            raise DataError(
                f"MNIST: {len(pictures)} {name} images, labels up to {classes.max(initial=0)}; expected at least 12 "
                f"training images, one test image and labels below {CLASSES}"
            )
    height, width = images.shape[1:]
    return Digits(
        (images[:-held_out], labels[:-held_out].astype(np.int32)),
        (images[-held_out:], labels[-held_out:].astype(np.int32)),
        (test_images, test_labels.astype(np.int32)),
        255,
        f"{'MNIST' if path is None else f'the MNIST files in {path}'}, {height} rows of {width}",
    )


def _digits(source: str) -> Digits:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DataError(
            "MNIST was not found or not asked for (sparsernn data fetch mnist gets it, SPARSERNN_DATA says where it "
            "is), and its stand-in, the digits of scikit-learn, is not installed: pip install 'sparsernn[examples]'; "
            "or give path= a directory with the four MNIST files"
        ) from None
    images, labels = load_digits(return_X_y=True)
    images, labels = images.reshape(-1, 8, 8).astype(np.uint8), labels.astype(np.int32)
    edges = [round(0.6 * len(images)), round(0.8 * len(images))]
    train, validation, test = zip(np.split(images, edges), np.split(labels, edges), strict=True)
    return Digits(train, validation, test, 16, source)
