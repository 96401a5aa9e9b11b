"""Steps, sequences, free runs, starts: what a cell promises of its states."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from sparsernn.system import trajectory
from sparsernn.testing.cell.tried import SIZE, TIME, Tried
from sparsernn.testing.claims import claim, close, copies, same


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


def check_flat(tried: Tried) -> None:
    """Flat states and back, and the network as a dynamical system."""
    network, states = tried.network, tried.states(SIZE)
    same(network.unflatten(network.flatten(states)), jax.tree.map(jnp.asarray, states), "flat states must come back")
    system = network.system(tried.weights, states, 0.1, tried.xs)
    final = network.run(tried.weights, states, TIME, tried.xs).state
    close(trajectory(system, TIME)[-1], network.flatten(final), "the system must step as the network does", 1e-9)
