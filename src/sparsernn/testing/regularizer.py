"""What every regularizer promises."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.masks import Prunable
from sparsernn.precision import precise
from sparsernn.regularizers.base import AbstractRegularizer
from sparsernn.testing.claims import check_part, claim, close, copies, same
from sparsernn.weights import Weights, unflatten

PRUNABLES = (
    Prunable("cell0/recurrent", "recurrent", 2, 3, 3, source_of="cell0", target_of="cell0"),
    Prunable("cell0/input", "input", 2, 3, 4, source_of="input", target_of="cell0"),
    Prunable("readout/weights", "readout", 1, 5, 3, source_of="cell0", target_of="output"),
)


def draw(prunables: tuple[Prunable, ...] = PRUNABLES, seed: int = 0) -> Weights:
    """Weights of size one, with a bias."""
    normal = np.random.default_rng(seed).normal
    flat = {p.path: normal(size=p.shape) for p in prunables}
    return unflatten({**flat, "cell0/bias": normal(size=3)})


def check_regularizer(regularizer: AbstractRegularizer, prunables: tuple[Prunable, ...] = PRUNABLES) -> None:
    """A finite scalar without the strength, pure, the same compiled; finite gradients, also at 0 and for trained
    arrays, equal to finite differences; arrays of `init` from the key alone; `retract` leaves alone what lies right.

    Where `surrogate` says that gradients are cut on purpose (a detached cost) they need not equal finite differences;
    trained arrays that `stopped` names (the vector of a power iteration) have none, and `advance` keeps all shapes.
    """
    check_part(regularizer)
    with precise():
        _check(regularizer, prunables)


def _check(regularizer: AbstractRegularizer, prunables: tuple[Prunable, ...]) -> None:
    weights = jax.tree.map(jnp.asarray, draw(prunables))
    trained, fixed = regularizer.init(jax.random.key(0), prunables)
    same((trained, fixed), regularizer.init(jax.random.key(0), prunables), "init must depend on the key alone")
    trained = jax.tree.map(
        lambda a: jnp.asarray(a, float) if jnp.issubdtype(jnp.result_type(a), jnp.floating) else a, trained
    )
    close(regularizer.retract(trained), trained, "retract must leave alone what lies right already", 1e-6)

    def penalty(trained: Any, weights: Weights) -> jax.Array:
        return regularizer.penalty(regularizer.still(trained), fixed, weights, prunables)

    advanced = regularizer.advance(trained, fixed, weights, prunables)
    shapes = lambda tree: jax.tree.map(lambda a: (jnp.shape(a), jnp.result_type(a)), tree)
    claim(shapes(advanced) == shapes(trained), "advance must keep names, shapes and types of the trained arrays")
    kept = copies((trained, fixed, weights))
    found = penalty(trained, weights)
    claim(jnp.shape(found) == () and np.isfinite(found), f"penalty must be one finite number, got {found}")
    same(kept, copies((trained, fixed, weights)), "penalty must not change its arguments in place")
    close(jax.jit(penalty)(trained, weights), found, "penalty must be the same compiled", 1e-9)
    if any(f.name == "strength" for f in dataclasses.fields(regularizer)):  # type: ignore[arg-type]
        stronger = dataclasses.replace(regularizer, strength=3.0)  # type: ignore[type-var]
        value = stronger.penalty(trained, fixed, weights, prunables)
        close(value, found, "penalty must not hold the strength: the loop multiplies by it", 1e-12)
    gradient = jax.grad(penalty, argnums=(0, 1), allow_int=True)
    for at, what in ((weights, "at random weights"), (jax.tree.map(jnp.zeros_like, weights), "where weights are 0")):
        finite = all(np.isfinite(g).all() for g in _floats(gradient(trained, at)))
        claim(finite, f"the gradient must be finite {what} (most weights of a sparse matrix are 0; a root at 0?)")
    if not regularizer.surrogate:
        _check_slope(penalty, gradient(trained, weights), trained, weights, regularizer.stopped)


def _floats(tree: Any) -> list[Any]:
    return [g for g in jax.tree.leaves(tree) if g.dtype != jax.dtypes.float0]


def _check_slope(penalty: Any, gradient: Any, trained: Any, weights: Any, stopped: tuple[str, ...]) -> None:
    """Along a random direction, in which what has no gradient on purpose does not move."""
    rng = np.random.default_rng(1)

    def move(path: Any, array: Any) -> Any:
        still = any(getattr(step, "key", None) in stopped for step in path[1:2]) or not jnp.issubdtype(
            array.dtype, jnp.floating
        )
        return np.zeros(array.shape) if still else rng.normal(size=array.shape)

    direction = jax.tree_util.tree_map_with_path(move, (trained, weights))
    pairs = zip(jax.tree.leaves(gradient), jax.tree.leaves(direction), strict=True)
    slope = sum(float(np.vdot(g, d)) for g, d in pairs if g.dtype != jax.dtypes.float0)
    shift = lambda h: jax.tree.map(lambda a, d: a + (h * d).astype(a.dtype), (trained, weights), direction)
    moved = float(penalty(*shift(1e-6)) - penalty(*shift(-1e-6))) / 2e-6
    claim(
        np.isclose(slope, moved, rtol=1e-5, atol=1e-7),
        f"the gradient must be that of finite differences: {slope:.8g} against {moved:.8g}",
    )
