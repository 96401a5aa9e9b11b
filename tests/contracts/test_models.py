"""What every registered cell, alone and stacked, must keep to."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.linear import Knockout, Watched
from sparsernn.masks import ROLES
from sparsernn.models import CELLS
from sparsernn.models.base import AbstractCell
from sparsernn.models.network import Forcing, Network, Ports
from sparsernn.precision import precise
from sparsernn.spec import build, identity, plain
from sparsernn.system import trajectory
from sparsernn.weights import flatten, get, replace

HIDDEN, TIME, SIZE = 5, 6, 3
RECONSTRUCTION, DRIVEN, CLASSIFICATION = Ports(0, 3, True), Ports(2, 3, True), Ports(4, 5, False)
CASES = {
    "reconstruction": (RECONSTRUCTION, 1),
    "driven": (DRIVEN, 1),
    "classification": (CLASSIFICATION, 1),
    "stack": (CLASSIFICATION, 2),
}


class Case:
    """A network with weights of size one, inputs, states and forcing, all in float64; compiled once for all tests."""

    def __init__(self, name, ports, layers):
        self.ports = ports
        self.network = build(Network, {"cells": [{name: {"hidden": HIDDEN}}] * layers})
        draw = np.random.default_rng(7).normal
        fresh = jax.jit(self.network.init, static_argnums=1)(jax.random.key(0), ports)
        self.weights = jax.tree.map(lambda a: np.asarray(a, np.float64) + 0.3 * draw(size=a.shape), fresh)
        self.xs = draw(size=(TIME, SIZE, ports.inputs)) if ports.inputs else None
        self.first = draw(size=(SIZE, ports.outputs)) if ports.observed else None
        signal = draw(size=(TIME, SIZE, ports.outputs))
        self.forcing = Forcing(signal, np.array([0, 0.3, 0, 1, 0, 0.5])) if ports.observed else None
        self.draw = draw
        self.step = jax.jit(self.network.step)
        self.impose = jax.jit(self.network.impose)
        paths = tuple(p.path for p in self.network.prunables(ports))
        self.sources = jax.jit(lambda weights, *rest: self.network.input_sd(weights, paths, *rest))
        self.unroll = jax.jit(self._unroll)
        self.begin = jax.jit(self._begin, static_argnums=1)
        self.gradient = jax.jit(jax.grad(self.loss))

    def _unroll(self, weights, states):
        """Outputs of forced or driven steps, by the path that training takes."""
        return self.network.unroll(weights, self.xs, states, self.forcing)

    def _begin(self, weights, leading=()):
        if self.first is None:
            return self.network.zeros((*leading, SIZE))
        return self.network.start(weights, jnp.broadcast_to(self.first, (*leading, *self.first.shape)))

    def loss(self, weights):
        return jnp.square(self._unroll(weights, self._begin(weights)).outputs).sum()

    def read(self, weights, states):
        return self.network.read(weights, self.network.cells[-1].outputs(states[-1]))

    def x(self, t):
        return None if self.xs is None else self.xs[t]

    def states(self, *leading):
        """Random states, not those of any start."""
        with precise():
            return jax.tree.map(lambda a: self.draw(size=(*leading, a.shape[-1])), self.network.zeros(()))


@pytest.fixture(scope="module", params=[(cell, case) for cell in CELLS for case in CASES], ids="-".join)
def made(request):
    cell, name = request.param
    with precise():
        case = Case(cell, *CASES[name])
    yield case
    jax.clear_caches()  # some hundred compiled functions, a few megabytes each


@pytest.fixture
def case(made):
    with precise():
        yield made


# the ports and stacks that differ most, where trying all would only take time
few = pytest.mark.parametrize(
    "made", [(cell, case) for cell in CELLS for case in ("reconstruction", "stack")], ids="-".join, indirect=True
)


def close(got, expected, tolerance=1e-12):
    jax.tree.map(partial(np.testing.assert_allclose, rtol=tolerance, atol=tolerance), got, expected)


@pytest.mark.parametrize("cell", CELLS)
def test_plain_form_round_trip(cell):
    alone = build(AbstractCell, cell)
    assert build(AbstractCell, plain(alone)) == alone
    network = build(Network, {cell: {"hidden": 7}})
    assert network.cells[0].hidden == 7
    assert network == build(Network, plain(network))
    assert identity(network) == identity(build(Network, plain(network))) != identity(build(Network, cell))
    assert hash(network) == hash(build(Network, plain(network)))


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("name", CASES)
def test_same_key_same_bits(cell, name):
    ports, layers = CASES[name]
    network = build(Network, {"cells": [{cell: {"hidden": HIDDEN}}] * layers})
    first, again, other = (flatten(network.init(jax.random.key(seed), ports)) for seed in (3, 3, 4))
    for path, array in first.items():
        assert array.dtype == jnp.float32
        np.testing.assert_array_equal(array, again[path], err_msg=path)
        constant = np.array_equal(array, other[path])
        assert not constant or path.rsplit("/")[-1] not in ("recurrent", "input"), f"{path} must depend on the key"
    if layers > 1:
        assert not np.array_equal(first["cell0/recurrent"], first["cell1/recurrent"])


def test_prunables_are_the_weights_they_name(case):
    prunables = case.network.prunables(case.ports)
    assert len({p.path for p in prunables}) == len(prunables)
    roles = [p.role for p in prunables]
    assert set(roles) <= set(ROLES)
    assert roles.count("recurrent") == len(case.network.cells)
    assert roles.count("input") == (len(case.network.cells) if case.ports.inputs else 0)
    read_by_matrix = not (case.ports.observed and case.network.cells[-1].readout == "identity")
    assert roles.count("readout") == read_by_matrix
    for p in prunables:
        assert get(case.weights, p.path).shape == p.shape, p.path
        assert p.observed == (case.ports.outputs if p.role == "recurrent" and not read_by_matrix else 0)


@pytest.mark.parametrize("cell", CELLS)
def test_default_sizes_initialize_finitely(cell):
    weights = build(Network, cell).init(jax.random.key(0), RECONSTRUCTION)
    assert all(np.isfinite(a).all() for a in flatten(weights).values())


@few
def test_step_works_on_any_leading_axes(case):
    states = case.states(2, 3)
    x = case.draw(size=(2, 3, case.ports.inputs)) if case.ports.inputs else None
    together = case.step(case.weights, states, x)
    for i, j in np.ndindex(2, 3):
        pick = lambda a, at=(i, j): a[at]
        single = case.step(case.weights, jax.tree.map(pick, states), None if x is None else x[i, j])
        close(jax.tree.map(pick, together), single)


def test_unroll_is_repeated_step(case):
    states = case.begin(case.weights)
    outputs, final = case.unroll(case.weights, states)
    for t in range(TIME):
        states = case.step(case.weights, states, case.x(t))
        close(outputs[t], case.read(case.weights, states))  # the output is taken before the forcing
        if case.forcing is not None:
            states = case.impose(case.weights, states, case.forcing.signal[t], case.forcing.alpha[t])
    close(final, states)


@few
def test_run_is_repeated_step(case):
    start = states = case.states(SIZE)
    outputs, final = case.network.run(case.weights, start, TIME, case.xs)
    for t in range(TIME):
        states = case.step(case.weights, states, case.x(t))
        close(outputs[t], case.read(case.weights, states))
    close(final, states)


@few
def test_unroll_without_forcing_is_run(case):
    states = case.states(SIZE)
    forcing = Forcing(case.forcing.signal, np.zeros(TIME)) if case.ports.observed else None
    close(
        case.network.unroll(case.weights, case.xs, states, forcing),
        case.network.run(case.weights, states, TIME, case.xs),
    )


def test_start_shows_the_first_observation_or_rests(case):
    states = case.begin(case.weights)
    assert all(a.shape == (SIZE, HIDDEN) for a in jax.tree.leaves(states))
    if case.ports.observed:
        close(case.read(case.weights, states), case.first, 1e-4)  # the pseudo-inverse has a ridge of 1e-6
    else:
        assert all((a == 0).all() for a in jax.tree.leaves(states))


def test_a_watched_matrix_sees_what_a_step_multiplies(case):
    """The gradient for a row of a matrix is a combination of the vectors that the matrix is multiplied with."""
    cell = case.network.cells[0]
    weights, state = case.weights["cell0"], jax.tree.map(lambda a: a[0], case.states(1))[0]
    x = case.draw(size=case.ports.inputs) if case.ports.inputs else None
    direction = case.draw(size=HIDDEN)

    def step(weights):
        return cell.step(weights, state, None if x is None else cell.project(weights, x))

    gradients = jax.grad(lambda w: cell.outputs(step(w)) @ direction)(jax.tree.map(jnp.asarray, weights))
    watched = {p.path: Watched(get(weights, p.path)) for p in cell.prunables(case.ports.inputs, 0)}
    close(step(weights | watched), step(weights))
    for path, matrix in watched.items():
        vectors = np.stack(matrix.seen)
        rows = np.asarray(gradients[path]).reshape(-1, vectors.shape[-1])
        assert np.abs(rows).max() > 1e-3, path
        close(rows @ np.linalg.pinv(vectors) @ vectors, rows, 1e-9)


def test_network_sources_are_standard_deviations(case):
    network, weights = case.network, case.weights
    paths = [p.path for p in network.prunables(case.ports)]
    states = case.begin(weights)
    found = case.sources(weights, case.xs, states, case.forcing)
    seen = {path: [] for path in paths}
    for t in range(TIME):
        watched = {path: Watched(get(weights, path)) for path in paths}
        states = network.step(replace(weights, watched), states, case.x(t))
        case.read(replace(weights, watched), states)
        for path, matrix in watched.items():
            seen[path] += matrix.seen
        if case.forcing is not None:
            states = case.impose(weights, states, case.forcing.signal[t], case.forcing.alpha[t])
    assert set(found) == set(seen)
    for path, vectors in seen.items():
        stacked = np.asarray(vectors)
        assert len(stacked) % TIME == 0, "one or several uses a step"
        assert stacked.shape[1] == SIZE
        close(found[path], stacked.reshape(-1, stacked.shape[-1]).std(axis=0))


def without_each(case, path, run):
    """`run` of the network with each single weight really set to zero, one after the other; and the knockout of all."""
    matrix = np.asarray(get(case.weights, path))
    indices = np.unravel_index(np.arange(matrix.size), matrix.shape)
    results = []
    for index in zip(*indices, strict=True):
        holed = matrix.copy()
        holed[index] = 0
        results.append(run(replace(case.weights, {path: holed})))
    knockout = Knockout(jnp.asarray(matrix), *(jnp.asarray(i) for i in indices))
    return jax.tree.map(lambda *a: np.stack(a), *results), replace(case.weights, {path: knockout}), matrix.size


def test_knockout_is_setting_the_weight_to_zero(case):
    """Every weight of every matrix, from the start on, forced and driven as in training, with a batch."""
    for prunable in case.network.prunables(case.ports):
        run = lambda w: case.unroll(w, case.begin(w, ())).outputs
        expected, weights, size = without_each(case, prunable.path, run)
        got = case.unroll(weights, case.begin(weights, (size,))).outputs
        assert got.shape == (TIME, size, SIZE, case.ports.outputs)
        close(got, np.swapaxes(expected, 0, 1))
        assert np.ptp(expected, axis=0).max() > 1e-3, "the removals should differ"


@few
def test_knockout_in_a_free_run_without_a_batch(case):
    single = jax.tree.map(lambda a: a[0], case.states(1))
    xs = None if case.xs is None else case.xs[:, 0]
    for prunable in case.network.prunables(case.ports):
        run = lambda w: case.network.run(w, single, TIME, xs)
        expected, weights, size = without_each(case, prunable.path, run)
        stacked = jax.tree.map(lambda a, n=size: np.broadcast_to(a, (n, *a.shape)), single)
        outputs, states = case.network.run(weights, stacked, TIME, xs)
        close(outputs, np.swapaxes(expected.outputs, 0, 1))
        close(states, expected.state)


@few
def test_flatten_and_back(case):
    states = case.states(2, 3)
    flat = case.network.flatten(states)
    assert flat.shape == (2, 3, sum(a.shape[-1] for a in jax.tree.leaves(states)))
    back = case.network.unflatten(flat)
    assert jax.tree.structure(back) == jax.tree.structure(states)
    jax.tree.map(np.testing.assert_array_equal, back, states)


@few
def test_system_steps_as_the_network_does(case):
    states = case.states(SIZE)
    system = case.network.system(case.weights, states, 0.1, case.xs)
    assert system.dim == case.network.flatten(states).shape[-1]
    x = case.x(0)
    flat = system.step(system.params, x, system.start)
    close(flat, case.network.flatten(case.network.step(case.weights, states, x)))
    final = case.network.run(case.weights, states, TIME, case.xs).state
    close(trajectory(system, TIME)[-1], case.network.flatten(final))
    again = case.network.system(case.weights, states, 0.1, case.xs)
    assert (again.step, hash(again.step)) == (system.step, hash(system.step)), "else every call compiles anew"


@few
def test_connectome_is_target_by_source(case):
    """One weight alone: only its target moves when its source is moved, and the connectome says the same."""
    target, source = 4, 1
    last = len(case.network.cells) - 1
    cell = case.network.cells[last]
    own = case.weights[f"cell{last}"]
    matrix = np.zeros_like(own["recurrent"])
    matrix[:, target, source] = 2.0
    with_weight, without = {**own, "recurrent": matrix}, {**own, "recurrent": np.zeros_like(matrix)}
    state = jax.tree.map(lambda a: a[0], case.states(1))[-1]
    units = np.where(np.arange(HIDDEN) == source, 1.5, -0.2)  # above its mean, so that a rectified unit is on

    projected = cell.project(own, np.zeros(own["input"].shape[-1])) if "input" in own else None

    def moved(weights):
        step = lambda u: cell.outputs(cell.step(weights, cell.with_outputs(state, u), projected))
        return np.asarray(jax.jacfwd(step)(jnp.asarray(units)))

    difference = moved(with_weight) - moved(without)
    assert abs(difference[target, source]) > 0.01
    assert np.abs(difference[np.arange(HIDDEN) != target]).max() < 1e-12

    gates = [None, *range(matrix.shape[0])] if matrix.shape[0] > 1 else [None]
    for gate in gates:
        found = case.network.connectome({**case.weights, f"cell{last}": with_weight}, last, gate)
        assert found.note
        np.testing.assert_array_equal(np.argwhere(found.weights), [[target, source]])
        np.testing.assert_array_equal(np.argwhere(found.adjacency), [[source, target]])
        assert found.readout.shape == (case.ports.outputs, HIDDEN)
        if "input" in own:
            assert found.inputs.shape == own["input"].shape[1:]
        else:
            assert found.inputs is None


@few
def test_inputs_are_not_mutated(case):
    copies = jax.tree.map(np.copy, (case.weights, case.xs, case.first, case.forcing))
    paths = list(flatten(case.weights))
    states = case.begin(case.weights)
    case.unroll(case.weights, states)
    case.network.run(case.weights, states, TIME, case.xs)
    case.sources(case.weights, case.xs, states, case.forcing)
    case.network.connectome(case.weights)
    assert list(flatten(case.weights)) == paths
    jax.tree.map(np.testing.assert_array_equal, (case.weights, case.xs, case.first, case.forcing), copies)


def test_every_weight_has_a_finite_gradient(case):
    for path, gradient in flatten(case.gradient(case.weights)).items():
        assert np.isfinite(gradient).all(), path
        assert np.abs(gradient).max() > 1e-6, f"{path} does nothing"


@few
def test_gradient_is_that_of_finite_differences(case):
    direction = jax.tree.map(lambda a: case.draw(size=a.shape), case.weights)
    slope = sum(
        np.vdot(g, d) for g, d in zip(*map(jax.tree.leaves, (case.gradient(case.weights), direction)), strict=True)
    )
    moved = lambda step: jax.tree.map(lambda a, d: a + step * d, case.weights, direction)
    loss = jax.jit(case.loss)
    assert float(slope) == pytest.approx(float(loss(moved(1e-6)) - loss(moved(-1e-6))) / 2e-6, rel=1e-5)
