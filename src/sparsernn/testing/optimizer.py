"""What every optimizer promises."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax

from sparsernn.optimizers.base import AbstractOptimizer
from sparsernn.testing.claims import check_part, claim, close, same, structure


def check_optimizer(optimizer: AbstractOptimizer) -> None:
    """Rates that are positive numbers, an optax rule that takes any tree, and 200 updates that come nearer to the
    minimum of a bowl from where every weight is 1 off, however slowly; pure."""
    check_part(optimizer)
    rates = [float(optimizer.rate(epoch, 7)) for epoch in range(7)]
    claim(np.isfinite(rates).all() and min(rates) > 0, f"learning rates must be positive numbers, got {rates}")
    traced = jax.jit(lambda epoch: optimizer.rate(epoch, 7))(jnp.int32(3))
    close(float(traced), rates[3], "the learning rate must be the same compiled, for a traced epoch", 1e-5)
    target = {"matrix": jnp.array([[1.0, -1.0]]), "bias": jnp.ones(3)}
    weights, rule = jax.tree.map(jnp.zeros_like, target), optimizer.rule()
    state = begun = rule.init(weights)

    def body(i: int, carry: tuple) -> tuple:
        weights, state = carry
        gradient = jax.tree.map(jnp.subtract, weights, target)
        norm = optax.tree_utils.tree_norm(gradient)
        steps, state = rule.update(optimizer.clip(gradient, norm), state, weights)
        return jax.tree.map(lambda w, s: w - rates[0] * s, weights, steps), state

    go = jax.jit(lambda: jax.lax.fori_loop(0, 200, body, (weights, begun)))
    (after, state), again = go(), go()
    claim(
        structure(state) == structure(begun),
        "the rule's state must keep its structure: the compiled loop carries it",
    )
    same((after, state), again, "the same gradients must give the same weights")
    off = max(float(jnp.abs(a - t).max()) for a, t in zip(*map(jax.tree.leaves, (after, target)), strict=True))
    claim(off < 1, f"200 updates must come nearer to the minimum of a bowl than the 1 they began with, got {off:.3g}")
