"""What every cell promises, alone and stacked."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import Undefined
from sparsernn.linear import Knockout, Watched
from sparsernn.masks import ROLES, Prunable
from sparsernn.models.base import AbstractCell
from sparsernn.models.network import Forcing, Network, Ports
from sparsernn.precision import precise
from sparsernn.system import trajectory
from sparsernn.testing.claims import check_part, claim, close, copies, same
from sparsernn.weights import flatten, get, replace

TIME, SIZE = 6, 3


class Case(NamedTuple):
    """A task's ports, and how many cells are stacked."""

    ports: Ports
    layers: int


CASES = {
    "reconstruction": Case(Ports(0, 3, True), 1),
    "driven": Case(Ports(2, 3, True), 1),
    "stack": Case(Ports(4, 5, False), 2),
}


def check_cell(
    cell: AbstractCell,
    cases: tuple[str, ...] = ("reconstruction", "driven", "stack"),
    exact: bool = True,
    without_gradient: tuple[str, ...] = (),
) -> None:
    """The cell in networks for several kinds of tasks, in float64, weights of size one. Give it few units (5, at least
    3) and few sub-steps: every weight is removed once, and every network is compiled.

    `exact` False: its gradient is on purpose not that of its steps (a surrogate for a jump). `without_gradient`: arrays
    (their names in the cell's weights) that are not trained on purpose (a reservoir's fixed matrix).
    """
    check_part(cell)
    for name in cases:
        check_init(cell, CASES[name])
        with precise():
            tried = Tried(cell, CASES[name])
            check_prunables(tried)
            check_unroll(tried)
            check_start(tried)
            check_watched(tried)
            check_sources(tried)
            check_knockout(tried)
            check_gradient(tried, exact, without_gradient)
            if name in ("reconstruction", "stack"):  # those that differ most
                check_axes(tried)
                check_run(tried)
                check_knockout_alone(tried)
                check_flat(tried)
                check_connectome(tried)
            check_turned(tried)


class Tried:
    """A network of the cell with weights, inputs, states and forcing, all float64; every function compiled once."""

    def __init__(self, cell: AbstractCell, case: Case):
        self.cell, self.ports = cell, case.ports
        self.network = Network((cell,) * case.layers)
        self.draw: Any = np.random.default_rng(7).normal
        draw = self.draw
        fresh = jax.jit(self.network.init, static_argnums=1)(jax.random.key(0), case.ports)
        self.weights = jax.tree.map(lambda a: np.asarray(a, np.float64) + 0.3 * draw(size=a.shape), fresh)
        ports = case.ports
        self.xs = draw(size=(TIME, SIZE, ports.inputs)) if ports.inputs else None
        self.first = draw(size=(SIZE, ports.outputs)) if ports.observed else None
        signal, alpha = draw(size=(TIME, SIZE, ports.outputs)), np.array([0, 0.3, 0, 1, 0, 0.5])
        self.forcing = Forcing(jnp.asarray(signal), jnp.asarray(alpha)) if ports.observed else None
        self.prunables = self.network.prunables(ports)
        paths = tuple(p.path for p in self.prunables)
        self.step = jax.jit(self.network.step)
        self.impose = jax.jit(self.network.impose)
        self.sources = jax.jit(lambda weights, *rest: self.network.input_sd(weights, paths, *rest))
        self.unroll = jax.jit(lambda weights, states: self.network.unroll(weights, self.xs, states, self.forcing))
        self.begin = jax.jit(self._begin, static_argnums=1)
        self.loss = jax.jit(self._loss)
        self.gradient = jax.jit(jax.grad(self._loss))

    def _begin(self, weights: Any, leading: tuple[int, ...] = ()) -> Any:
        if self.first is None:
            return self.network.zeros((*leading, SIZE))
        return self.network.first_states(weights, jnp.broadcast_to(self.first, (*leading, *self.first.shape)))

    def _loss(self, weights: Any) -> Any:
        return jnp.square(self.network.unroll(weights, self.xs, self._begin(weights), self.forcing).outputs).sum()

    def read(self, weights: Any, states: Any) -> Any:
        return self.network.read(weights, self.network.cells[-1].outputs(states[-1]))

    def x(self, t: int) -> Any:
        return None if self.xs is None else self.xs[t]

    def states(self, *leading: int) -> Any:
        """Random states, not those of any start."""
        return jax.tree.map(lambda a: self.draw(size=(*leading, *a.shape)), self.network.zeros(()))


def check_init(cell: AbstractCell, case: Case) -> None:
    """The same key gives the same finite float32 weights; another key gives others, unless all are constants."""
    network = Network((cell,) * case.layers)
    init = jax.jit(network.init, static_argnums=1)
    first, again = (init(jax.random.key(3), case.ports) for _ in range(2))
    same(first, again, "init must give the same weights for the same key")
    for path, array in flatten(first).items():
        claim(
            array.dtype == jnp.float32,
            f"{path}: draw with dtype=float (the run's precision decides), not {array.dtype}",
        )
        claim(np.isfinite(array).all(), f"{path}: initial weights must be finite")


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


def check_axes(tried: Tried) -> None:
    """`step` works on any leading axes, to rounding: products of another shape sum in another order."""
    states = tried.states(2, 3)
    x = tried.draw(size=(2, 3, tried.ports.inputs)) if tried.ports.inputs else None
    together = tried.step(tried.weights, states, x)
    for i, j in ((0, 0), (1, 2)):
        at = jax.tree.map(lambda a, i=i, j=j: a[i, j], (states, together))
        single = tried.step(tried.weights, at[0], None if x is None else x[i, j])
        close(single, at[1], "step must work on any leading axes of state and input as on each alone")


def check_unroll(tried: Tried) -> None:
    """`unroll` is repeated `step`; nothing is changed in place."""
    kept = copies((tried.weights, tried.xs, tried.first, tried.forcing))
    states = tried.begin(tried.weights, ())
    outputs, final = tried.unroll(tried.weights, states)
    for t in range(TIME):
        states = tried.step(tried.weights, states, tried.x(t))
        expected = tried.read(tried.weights, states)  # before the forcing
        close(outputs[t], expected, "unroll must be step after step (project must not depend on the state)", 1e-10)
        if tried.forcing is not None:
            states = tried.impose(tried.weights, states, tried.forcing.signal[t], tried.forcing.alpha[t])
    close(final, states, "unroll must end in the state of the last step", 1e-10)
    same(kept, copies((tried.weights, tried.xs, tried.first, tried.forcing)), "nothing may be changed in place")


def check_run(tried: Tried) -> None:
    """A free run is repeated `step`."""
    states = begun = tried.states(SIZE)
    outputs, final = tried.network.run(tried.weights, begun, TIME, tried.xs)
    for t in range(TIME):
        states = tried.step(tried.weights, states, tried.x(t))
        close(outputs[t], tried.read(tried.weights, states), "a free run must be step after step", 1e-9)
    close(final, states, "a free run must end in the state of the last step", 1e-9)


def check_start(tried: Tried) -> None:
    """States have the batch's axes; a state that begins from an observation shows it."""
    states, hidden = tried.begin(tried.weights, ()), tried.cell.hidden
    claim(all(a.shape[:-1] == (SIZE,) for a in jax.tree.leaves(states)), "a state's arrays must be (..., units)")
    units = tried.cell.outputs(states[-1])
    claim(units.shape == (SIZE, hidden), f"outputs must be (..., hidden) = {(SIZE, hidden)}, got {units.shape}")
    forced = tried.draw(size=(SIZE, hidden))
    back = tried.cell.outputs(tried.cell.with_outputs(states[-1], forced))
    close(back, forced, "with_outputs must give a state that shows the given outputs")
    if tried.ports.observed:  # the pseudo-inverse has a ridge of 1e-6
        close(tried.read(tried.weights, states), tried.first, "a start must show the first observation", 1e-4)


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


def check_flat(tried: Tried) -> None:
    """Flat states and back, and the network as a dynamical system."""
    network, states = tried.network, tried.states(SIZE)
    same(network.unflatten(network.flatten(states)), jax.tree.map(jnp.asarray, states), "flat states must come back")
    system = network.system(tried.weights, states, 0.1, tried.xs)
    final = network.run(tried.weights, states, TIME, tried.xs).state
    close(trajectory(system, TIME)[-1], network.flatten(final), "the system must step as the network does", 1e-9)


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
    matrix = jnp.zeros((hidden, hidden)).at[target, source].set(2.0)
    alone = lambda own, matrix: {**own, **{name: jnp.broadcast_to(matrix, own[name].shape) for name in between}}
    states = tried.states(20)[-1]
    many = jax.tree.map(lambda a: a + tried.draw(size=(20, *a.shape)), own)
    x = jnp.asarray(tried.draw(size=own["input"].shape[-1])) if "input" in own else None

    @jax.jit
    def moved(matrix: Any) -> Any:
        def one(state: Any, own: Any) -> Any:
            weights = alone(own, matrix)
            projected = None if x is None else cell.project(weights, x)
            step = lambda u: cell.outputs(cell.step(weights, cell.with_outputs(state, u), projected))
            return jax.jacfwd(step)(cell.outputs(state))

        return jax.vmap(one)(states, many)

    eye = jnp.eye(hidden)
    slopes = abs(jnp.stack([moved(eye + sign * matrix) - moved(eye) for sign in (1, -1)])).max(axis=(0, 1))
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
