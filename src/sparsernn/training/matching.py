"""Strengths that are found before training: penalties made equal where training begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sparsernn import rng
from sparsernn.errors import SpecError
from sparsernn.masks import Prunable, apply
from sparsernn.regularizers.base import AbstractRegularizer, Matched
from sparsernn.training.first_weights import first_masks, first_weights
from sparsernn.training.loop import Trainer
from sparsernn.training.run_spec import RunSpec
from sparsernn.weights import Weights


def matched(spec: RunSpec, trainer: Trainer) -> Trainer:
    """Return the run's trainer with a number for every strength. SpecError with all problems, each with its place."""
    if not any(isinstance(r.strength, Matched) for r in trainer.regularizers):
        return trainer
    begun = first_weights(spec, trainer)
    sparse, given = first_masks(spec, trainer, begun)
    numbers = strengths(trainer.regularizers, spec.seed, apply(begun.weights, sparse.masks | given), trainer.prunables)
    pairs: Any = zip(trainer.regularizers, numbers, strict=True)
    return replace(trainer, regularizers=tuple(replace(r, strength=s) for r, s in pairs))


def found_strengths(spec: RunSpec, trainer: Trainer) -> dict[str, np.float64]:
    """Return the strengths that were found, as arrays to be kept: ``strength/I``, I the place of the regularizer."""
    pairs: Any = enumerate(zip(spec.regularizers, trainer.regularizers, strict=True))
    return {f"strength/{i}": np.float64(now.strength) for i, (asked, now) in pairs if asked.strength != now.strength}


def strengths(
    regularizers: Sequence[AbstractRegularizer], seed: int, weights: Weights, prunables: tuple[Prunable, ...]
) -> list[float]:
    """Return the strength of every regularizer.

    ``strength = s' R'(w) / R(w)``, R the own penalty of masked `weights`, R' and s' those of what it is matched to.
    SpecError where either penalty is 0, negative or not finite, where there is no such place in the list, or where a
    strength waits for itself.
    """

    def penalty(part: AbstractRegularizer, i: int) -> float:
        trained, fixed = part.init(rng.key(seed, "regularizer", i), prunables)
        return float(part.penalty(trained, fixed, weights, prunables))

    def strength(part: AbstractRegularizer, i: int, asked: tuple[int, ...]) -> float:
        if not isinstance(part.strength, Matched):
            return part.strength
        other, at = part.strength.match.to, i
        if isinstance(other, int):
            if not 0 <= other < len(regularizers):
                raise SpecError(f"to: there is no regularizer {other}; they are counted 0 to {len(regularizers) - 1}")
            if other in asked:
                raise SpecError(f"to: {other} is itself matched to this one; give one of them a number")
            at = other
            other = regularizers[other]
            asked = (*asked, at)
        wanted, own = strength(other, at, asked) * penalty(other, at), penalty(part, i)
        for what, value in (("the penalty to match", wanted), ("the own penalty", own)):
            if not (np.isfinite(value) and value > 0):
                raise SpecError(f"{what} is {value:g} where training begins, so no strength makes them equal; give one")
        return wanted / own

    found, problems = [], []
    for i, part in enumerate(regularizers):
        try:
            found.append(strength(part, i, (i,)))
        except SpecError as error:
            problems += [f"regularizers.{i}.strength.match: {problem}" for problem in error.problems]
    if problems:
        raise SpecError(problems)
    return found
