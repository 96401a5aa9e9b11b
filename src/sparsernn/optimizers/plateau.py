"""Divide the learning rate where validation stands still."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from sparsernn.rules import at_least, holds
from sparsernn.spec import Checked, scaling


class Seen(NamedTuple):
    """All scalars: the learning rate is multiplied by `rate_factor`; `best` value so far; looks `waited` since then."""

    rate_factor: jax.Array
    best: jax.Array
    waited: jax.Array


@dataclass(frozen=True)
class Plateau(Checked):
    """The learning rate is divided by `divisor` where the validation measure of `select` has not become better than its
    best by more than `threshold` (in its own units) at `patience` looks in a row; then the looks are counted anew.

    A value that does not exist is not better. The habit of word language models: by 4 after every epoch without a gain.
    """

    divisor: float = 4.0
    patience: int = 1
    threshold: float = 0.0

    scales = scaling("divisor", "patience", "threshold")
    rules = (
        holds(lambda divisor: divisor > 1, "divisor must be above 1, got {divisor}"),
        at_least(1, "patience"),
        at_least(0, "threshold"),
    )

    def init(self) -> Seen:
        """Nothing seen."""
        return Seen(jnp.ones(()), jnp.full((), jnp.inf, float), jnp.zeros((), jnp.int32))

    def after_validation(self, seen: Seen, worth: float) -> Seen:
        """`worth`: lower is better. On the host."""
        best, waited, rate_factor = (float(x) for x in (seen.best, seen.waited, seen.rate_factor))
        if worth < best - self.threshold:
            best, waited = worth, 0.0
        else:
            waited += 1
        if waited >= self.patience:
            rate_factor, waited = rate_factor / self.divisor, 0.0
        return like(seen, Seen(rate_factor, best, waited))  # type: ignore[arg-type]


def like(old: Any, new: Any) -> Any:
    """`new` as arrays of the types of `old`."""
    return jax.tree.map(lambda a, b: jnp.asarray(b, dtype=a.dtype), old, new)
