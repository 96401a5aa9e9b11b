"""What a training begins from: fresh or given weights, given masks, held signs."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp

from sparsernn import rng
from sparsernn.errors import SpecError, StoreError
from sparsernn.masks import Masks, exact_count, nonzeros
from sparsernn.sparsifiers.base import SparseState
from sparsernn.training.frozen import as_before, frozen_paths
from sparsernn.training.initial import Laid, scaled
from sparsernn.training.loop import Trainer
from sparsernn.training.run_spec import RunSpec
from sparsernn.training.signs import turned
from sparsernn.weights import Weights, get, replace


class FirstWeights(NamedTuple):
    """What the first training of a run begins from.

    Args:
        weights: dense.
        masks: those that were given, by path.
        signs: those that are held, by path.
        laid: paths of the matrices that were given.
    """

    weights: Weights
    masks: Masks
    signs: Masks
    laid: tuple[str, ...] = ()


def first_weights(spec: RunSpec, trainer: Trainer, hashes: dict[str, str] | None = None) -> FirstWeights:
    """Return what the run begins from; the same however often it is asked.

    `hashes`: of what is read, as the run's identity has them. SpecError where what was given does not fit, StoreError
    where it has changed since.
    """
    fresh = trainer.network.init(rng.key(spec.seed, "init"), trainer.ports)
    given = None if spec.initial is None else spec.initial.read(lambda: trainer.prunables, spec.seed)
    if given is not None and hashes is not None and given.sha256 != hashes.get("initial"):
        raise StoreError(f"{given.source} has changed while the run began; run the same command again")
    laid = Laid(fresh, {}, ())
    if spec.initial is not None and given is not None:
        laid = spec.initial.lay(given, trainer.prunables, fresh)
    if spec.signs is None:
        return _with_radius(spec, FirstWeights(laid.weights, laid.masks, {}, laid.paths))
    signs = spec.signs.held(spec.seed, trainer.prunables, laid.weights, laid.masks)
    fresh_sizes = spec.initial is None or spec.initial.weights is not True
    weights = turned(laid.weights, signs, spec.signs.sizes(fresh_sizes))
    return _with_radius(spec, FirstWeights(weights, laid.masks, signs, laid.paths))


def _with_radius(spec: RunSpec, begun: FirstWeights) -> FirstWeights:
    """Scaled to the spectral radius that is asked for."""
    if spec.initial is None or spec.initial.radius is None:
        return begun
    return begun._replace(weights=scaled(begun.weights, begun.masks, begun.laid, spec.initial.radius))


def first_masks(spec: RunSpec, trainer: Trainer, begun: FirstWeights) -> tuple[SparseState, Masks]:
    """Return the sparsifier's state before the first update, and the given masks of matrices that it does not act on.

    Where it acts on one with a given mask it goes on from that. SpecError where a method of constant number begins with
    another number of weights than was given.
    """
    sparsifier, prunables = trainer.sparsifier, trainer.prunables
    own = sparsifier.init(rng.key(spec.seed, "masks"), prunables, trainer.clock(0), begun.weights)
    mine = {path: begun.masks.get(path, mask) for path, mask in own.masks.items()}
    had, has = nonzeros(own.masks), nonzeros(mine)
    size = sum(p.size for p in prunables if p.path in mine)
    if had < size and not had - size // 1000 <= has <= had:  # a density is no finer than 1/40,000
        near = [f"{(has + more) / size:.6g}" for more in (0, 0.4, 0.9)]
        density = next((d for d in near if exact_count(float(d), size) >= has), near[-1])
        raise SpecError(
            f"the masks of initial leave {has:,} of {size:,} weights, the sparsifier begins with {had:,} and keeps "
            f"that number; give it density: {density}"
        )
    return own._replace(masks=mine), {path: mask for path, mask in begun.masks.items() if path not in mine}


def fresh_again(spec: RunSpec, trainer: Trainer, round: int, begun: FirstWeights) -> Weights:
    """Return other fresh weights for a round, with the signs that were given or are held.

    Frozen arrays stay as they were.
    """
    weights = trainer.network.init(rng.key(spec.seed, "init", round), trainer.ports)
    if spec.initial is not None and spec.initial.weights == "signs":
        weights = replace(weights, {p: jnp.abs(get(weights, p)) * jnp.sign(get(begun.weights, p)) for p in begun.laid})
    if spec.signs is not None:
        weights = turned(weights, begun.signs, spec.signs.sizes(True))
    weights = _with_radius(spec, begun._replace(weights=weights)).weights
    return as_before(weights, begun.weights, frozen_paths(spec.frozen, trainer.prunables, weights))
