"""Average the weights of the updates from the moment on at which validation no longer improves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.masks import Masks
from sparsernn.optimizers.plateau import like
from sparsernn.rules import at_least
from sparsernn.spec import Checked
from sparsernn.weights import Weights, replace


class Average(NamedTuple):
    """What `Averaging` carries from update to update.

    Args:
        since: the update at which averaging began; -1 before.
        mean: means over the last `age` updates, in the form of the weights.
        age: number of updates in a mean: for every entry of a masked matrix, one number for any other array.
        recent: the last validation values, (checks,); infinity where there was none yet.
        earlier: the best validation value before those.
    """

    since: jax.Array
    mean: Weights
    age: Weights
    recent: jax.Array
    earlier: jax.Array


@dataclass(frozen=True)
class Averaging(Checked):
    """Average the weights of all updates, from the moment on at which validation no longer improves.

    That is the first look at which the measure of `select` is worse than its best value of more than `checks` looks ago
    (the non-monotone trigger). From then on ``mean <- mean + (w - mean) / age`` after every update; the updates
    themselves go on as before. The averaged weights are those that are evaluated, selected and saved. An entry that is
    dropped or grown begins its average anew, so no mean holds values of a connection that was not there. The trained
    arrays of regularizers are not averaged. Cost: two more arrays like each masked matrix, one like any other, and one
    pass over them per update.
    Source: Merity et al. 2017, arXiv 1708.02182 (NT-ASGD, algorithm 1, checks = 5).
    """

    checks: int = 5

    rules = (at_least(1, "checks"),)

    def init(self, weights: Weights, masks: Masks) -> Average:
        """Return the state before the first update: nothing averaged, nothing seen."""
        age = jax.tree.map(lambda w: jnp.zeros((), jnp.int32), weights)
        age = replace(age, {path: jnp.zeros(mask.shape, jnp.int32) for path, mask in masks.items()})
        # arrays of its own: weights and means are never one buffer
        mean = jax.tree.map(jnp.zeros_like, weights)
        recent, earlier = jnp.full(self.checks, jnp.inf, float), jnp.full((), jnp.inf, float)
        return Average(jnp.full((), -1, jnp.int32), mean, age, recent, earlier)

    def after_validation(self, average: Average, worth: float, step: int) -> Average:
        """Take note of a validation value after `step` updates, on the host. Of `worth` lower is better."""
        recent, earlier, since = np.asarray(average.recent), float(average.earlier), int(average.since)
        if since < 0 and worth > earlier:
            since = step
        earlier, recent = min(earlier, float(recent[0])), np.append(recent[1:], worth)
        return average._replace(**like(_seen(average), {"since": since, "recent": recent, "earlier": earlier}))

    def follow(self, average: Average, weights: Weights) -> Average:
        """Take the weights after an update into the means, if averaging has begun."""

        def one_more(average: Average) -> Average:
            age = jax.tree.map(lambda a: a + 1, average.age)
            mean = jax.tree.map(lambda m, w, a: m + (w - m) / a.astype(m.dtype), average.mean, weights, age)
            return average._replace(mean=mean, age=age)

        return jax.lax.cond(average.since >= 0, one_more, lambda average: average, average)

    def forget(self, average: Average, changed: Weights) -> Average:
        """Begin the means anew at entries marked in `changed`, Booleans in the form of the weights or one an array."""
        cleared = lambda tree: jax.tree.map(lambda a, c: jnp.where(c, jnp.zeros_like(a), a), tree, changed)
        return average._replace(mean=cleared(average.mean), age=cleared(average.age))


def averaged(average: Average, weights: Weights) -> Weights:
    """Return the means where anything has been averaged, and the weights themselves elsewhere."""
    return jax.tree.map(lambda m, w, a: jnp.where(a > 0, m, w), average.mean, weights, average.age)


def _seen(average: Average) -> dict[str, Any]:
    return {name: getattr(average, name) for name in ("since", "recent", "earlier")}
