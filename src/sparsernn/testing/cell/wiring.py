"""Its arrays: first values, prunable matrices, gradients; its connectome, and what signs mean in it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import Undefined
from sparsernn.masks import ROLES
from sparsernn.models.base import AbstractCell
from sparsernn.models.network import Network
from sparsernn.testing.cell.tried import Case, Tried
from sparsernn.testing.claims import claim, close, same
from sparsernn.weights import flatten, get, replace


def check_init(cell: AbstractCell, case: Case) -> None:
    """The same key gives the same finite float32 weights, and these say how many variables they were made for."""
    network = Network((cell,) * case.layers)
    first, again = (network.init(jax.random.key(3), case.ports) for _ in range(2))
    same(first, again, "init must give the same weights for the same key")
    for path, array in flatten(first).items():
        claim(
            array.dtype == jnp.float32,
            f"{path}: draw with dtype=float (the run's precision decides), not {array.dtype}",
        )
        claim(np.isfinite(array).all(), f"{path}: initial weights must be finite")
    if case.ports.observed and cell.readout == "identity":  # the network asks, where it has only the weights
        said, last = cell.observed(first[f"cell{case.layers - 1}"]), case.ports.outputs
        claim(said == last, f"observed must tell what init was given: expected {last}, got {said}")


def check_prunables(tried: Tried) -> None:
    """They name arrays of the weights, each once."""
    claim(len({p.path for p in tried.prunables}) == len(tried.prunables), "every prunable must have a path of its own")
    flat = flatten(tried.weights)
    by_matrix = not (tried.ports.observed and tried.cell.readout == "identity")
    for p in tried.prunables:
        claim(p.role in ROLES, f"{p.path}: a role is one of {', '.join(ROLES)}, got {p.role}")
        claim(p.path in flat, f"{p.path}: a prunable must name an array of the weights; there are {sorted(flat)}")
        claim(flat[p.path].shape == p.shape, f"{p.path}: expected an array (gates, target, source) = {p.shape}")
        observed = (0,) if by_matrix else (0, tried.ports.outputs)
        claim(p.observed in observed, f"{p.path}: observed must be 0, or with an identity read-out the observed units")
        claim(p.role != "input" or p.source, f"{p.path}: without inputs there is no input matrix")


def check_connectome(tried: Tried) -> None:
    """[target, source]: with one recurrent weight alone only its target moves when its source is moved. Tried on many
    states and biases and both signs, since a unit may be off or at rest, and beside self-connections, by which the
    source lasts through the sub-steps of one step. A cell with several matrices between its units (a gate that acts
    before a product) has that weight in all of them."""
    network, last = tried.network, len(tried.network.cells) - 1
    cell, own = network.cells[last], jax.tree.map(jnp.asarray, tried.weights[f"cell{last}"])
    found = network.connectome(tried.weights, last)
    if isinstance(found, Undefined) or "recurrent" not in own:
        return
    target, source, hidden = cell.hidden - 1, 1, cell.hidden
    more = {
        p.path.partition("/")[2] for p in tried.prunables if p.path.startswith(f"cell{last}/") and p.role == "recurrent"
    }
    between = [name for name in sorted(more | {"recurrent"}) if own[name].shape[1:] == (hidden, hidden)]
    gates = sum(len(own[name]) for name in between)
    matrix = np.zeros((hidden, hidden))
    matrix[target, source] = 2.0
    alone = lambda own, matrix: {**own, **{name: jnp.broadcast_to(matrix, own[name].shape) for name in between}}
    states = tried.states(20)[-1]
    many = jax.tree.map(lambda a: np.asarray(a) + tried.draw(size=(20, *a.shape)), own)
    x = tried.draw(size=own["input"].shape[-1]) if "input" in own else None

    @jax.jit
    def moved(matrix: Any) -> Any:
        def one(state: Any, own: Any) -> Any:
            weights = alone(own, matrix)
            projected = None if x is None else cell.project(weights, x)
            step = lambda u: cell.outputs(cell.step(weights, cell.with_outputs(state, u), projected))
            return jax.jacfwd(step)(cell.outputs(state))

        return jax.vmap(one)(states, many)

    eye = np.eye(hidden)
    at_rest = np.asarray(moved(eye))
    slopes = abs(np.stack([moved(eye + sign * matrix) - at_rest for sign in (1, -1)])).max(axis=(0, 1))
    claim(slopes[target, source] > 1e-6, f"a weight [target, source] must carry from unit {source} to unit {target}")
    claim(slopes[np.arange(hidden) != target].max() < 1e-9, "a weight [target, source] must move its target alone")
    for gate in [None, *range(gates)] if gates > 1 else [None]:
        seen = network.connectome({**tried.weights, f"cell{last}": alone(own, matrix)}, last, gate)
        claim(not isinstance(seen, Undefined) and seen.note, "a connectome needs a note: what the matrix is")
        if not isinstance(seen, Undefined):
            places = np.argwhere(seen.weights).tolist()
            claim(places == [[target, source]], f"connectome.weights must be [target, source], got {places}")


def check_turned(tried: Tried) -> None:
    """Units that the cell says can be turned over: with other signs of their weights the outputs stay the same."""
    cell, last = tried.cell, len(tried.network.cells) - 1
    if not cell.odd_gates or (tried.ports.observed and cell.readout == "identity"):
        return
    before = tried.unroll(tried.weights, tried.begin(tried.weights, ())).outputs
    signs = np.where(np.arange(cell.hidden) % 2, 1.0, -1.0)
    for place in {0, last}:
        weights = tried.network.turned(tried.weights, signs, place)
        after = tried.unroll(weights, tried.begin(weights, ())).outputs
        message = "units turned over must leave the outputs as they are (odd_gates = () claims nothing)"
        close(after, before, message, 1e-9)


def check_gradient(tried: Tried, exact: bool, without: tuple[str, ...]) -> None:
    """Every trained array has a finite gradient that is not 0 throughout, equal to finite differences."""
    gradient = tried.gradient(tried.weights)
    largest = dict.fromkeys(flatten(gradient), 0.0)
    for draw in range(8):  # units may be off, or a small cell at rest: then other weights are tried
        shaken = jax.tree.map(lambda a, d=draw: a + (d > 0) * tried.draw(size=a.shape), tried.weights)
        for path, slope in flatten(tried.gradient(shaken)).items():
            claim(draw or np.isfinite(slope).all(), f"{path}: its gradient must be finite")
            largest[path] = max(largest[path], float(np.nan_to_num(np.abs(slope)).max()))
        if all(largest.values()):
            break
    for path, most in largest.items():
        still = path.partition("/")[2] in without and path.startswith("cell")
        claim(still or most > 0, f"{path} does nothing: its gradient is 0 (name it in without_gradient?)")
    if not exact:
        return
    flat = flatten(tried.weights)
    moving = [path for path in flat if not (path.startswith("cell") and path.partition("/")[2] in without)]
    direction = {path: tried.draw(size=flat[path].shape) for path in moving}
    slope = sum(float(np.vdot(get(gradient, path), d)) for path, d in direction.items())
    at = lambda h: float(
        tried.loss(replace(tried.weights, {path: flat[path] + h * d for path, d in direction.items()}))
    )
    found = (at(1e-6) - at(-1e-6)) / 2e-6
    claim(
        np.isclose(slope, found, rtol=1e-5, atol=1e-6),
        f"the gradient must be that of finite differences: {slope:.8g} against {found:.8g} (a jump? then exact=False)",
    )
