"""What its matrices multiply, and single weights taken away."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.linear import Knockout, Watched
from sparsernn.masks import Prunable
from sparsernn.testing.cell.tried import TIME, Tried
from sparsernn.testing.claims import claim, close
from sparsernn.weights import get, replace


def check_watched(tried: Tried) -> None:
    """The gradient for a row of a matrix is a combination of the vectors that the matrix is multiplied with."""
    cell, weights = tried.network.cells[0], tried.weights["cell0"]
    state = jax.tree.map(lambda a: a[0], tried.states(1))[0]
    x = tried.draw(size=tried.ports.inputs) if tried.ports.inputs else None
    direction = tried.draw(size=cell.hidden)
    step = lambda w: cell.step(w, state, None if x is None else cell.project(w, x))
    matrices = cell.prunables(tried.ports.inputs, 0)

    @jax.jit
    def look(weights: Any) -> Any:
        watched = {p.path: Watched(get(weights, p.path)) for p in matrices}
        after = step(replace(weights, watched))
        return after, step(weights), {path: matrix.seen for path, matrix in watched.items()}

    gradients = jax.jit(jax.grad(lambda w: cell.outputs(step(w)) @ direction))(weights)
    try:
        after, unwatched, seen = look(weights)
    except (TypeError, jax.errors.UnexpectedTracerError) as error:
        raise AssertionError(
            f"prunable matrices must be multiplied by sparsernn.linear.linear, outside any scan: {error}"
        ) from None
    close(after, unwatched, "a watched matrix must multiply as it does unwatched")
    for path, used in seen.items():
        claim(used, f"{path}: prunable matrices must be multiplied by sparsernn.linear.linear, outside any scan")
        vectors = np.concatenate([np.asarray(v).reshape(-1, v.shape[-1]) for v in used])
        rows = np.asarray(get(gradients, path)).reshape(-1, vectors.shape[-1])
        spanned = rows @ np.linalg.pinv(vectors) @ vectors
        close(spanned, rows, f"{path}: its gradient shows vectors that `linear` has not seen", 1e-8)


def check_sources(tried: Tried) -> None:
    """The sd of what matrices multiply, over all uses (a cell may use a matrix several times a step)."""
    weights, states = tried.weights, tried.begin(tried.weights, ())
    found = tried.sources(weights, tried.xs, states, tried.forcing)
    seen: dict[str, list[Any]] = {p.path: [] for p in tried.prunables}

    @jax.jit
    def look(states: Any, x: Any) -> Any:
        watched = {path: Watched(get(weights, path)) for path in seen}
        states = tried.network.step(replace(weights, watched), states, x)
        tried.read(replace(weights, watched), states)
        return states, {path: matrix.seen for path, matrix in watched.items()}

    for t in range(TIME):
        states, used = look(states, tried.x(t))
        for path, vectors in used.items():
            seen[path] += [np.asarray(v).reshape(-1, v.shape[-1]) for v in vectors]
        if tried.forcing is not None:
            states = tried.impose(weights, states, tried.forcing.signal[t], tried.forcing.alpha[t])
    for path, all_used in seen.items():
        expected = np.concatenate(all_used).std(axis=0)
        close(found[path], expected, f"{path}: the sd of what it multiplies must be that of repeated steps", 1e-9)


def check_knockout(tried: Tried) -> None:
    """Every weight of every matrix taken away by `Knockout`, and really set to 0: from the start on, with a batch."""
    for p in tried.prunables:
        holed, knocked = removals(tried.weights, p)
        expected = np.stack([tried.unroll(w, tried.begin(w, ())).outputs for w in holed], axis=1)
        outputs = tried.unroll(knocked, tried.begin(knocked, (p.size,))).outputs
        claim(
            outputs.shape == expected.shape,
            f"{p.path}: with a knockout of {p.size} weights outputs must have an axis of {p.size} before the batch",
        )
        close(outputs, expected, f"{p.path}: a knockout must be setting the weight to 0", 1e-9)


def check_knockout_alone(tried: Tried) -> None:
    """The same in free runs without a batch, of the last matrix."""
    p = tried.prunables[-1]
    single = jax.tree.map(lambda a: a[0], tried.states(1))
    xs = None if tried.xs is None else tried.xs[:, 0]
    holed, knocked = removals(tried.weights, p)
    stacked = jax.tree.map(lambda a: np.broadcast_to(a, (p.size, *a.shape)), single)
    outputs = tried.network.run(knocked, stacked, TIME, xs).outputs
    alone = np.stack([tried.network.run(w, single, TIME, xs).outputs for w in holed], axis=1)
    close(outputs, alone, f"{p.path}: a knockout must work in a free run without a batch", 1e-9)


def removals(weights: Any, p: Prunable) -> tuple[list[Any], Any]:
    """The weights, each time with another weight of `p` really 0; and with the knockout of all."""
    matrix = np.asarray(get(weights, p.path))
    indices = np.unravel_index(np.arange(p.size), p.shape)
    holed = []
    for index in zip(*indices, strict=True):
        copy = matrix.copy()
        copy[index] = 0
        holed.append(replace(weights, {p.path: copy}))
    knockout = Knockout(jnp.asarray(matrix), *(jnp.asarray(i) for i in indices))
    return holed, replace(weights, {p.path: knockout})
