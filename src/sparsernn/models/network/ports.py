"""What passes between a task and a network."""

from __future__ import annotations

from typing import NamedTuple

import jax

from sparsernn.models.base import State


class Ports(NamedTuple):
    """What a task asks of a network.

    `inputs` external inputs and `outputs` a step. `observed`: the outputs are the recorded variables of a dynamical
    system, which can be forced and from which a state can begin. `tokens` > 0: the input of a step is one integer
    below it (a word), looked up in an embedding. `first` > 0: a state begins from a vector of that length which is no
    observation (an encoded place), else at rest.
    """

    inputs: int
    outputs: int
    observed: bool = False
    tokens: int = 0
    first: int = 0


class Unrolled(NamedTuple):
    """`outputs` (T, ..., outputs) of every step and the `state` after the last."""

    outputs: jax.Array
    state: State


class Forcing(NamedTuple):
    """Teacher signal (T, ..., outputs) and how much of it enters after each step, alpha (T,) in [0, 1].

    After step t: ``y <- (1 - alpha[t]) y + alpha[t] signal[t]`` on the observed part of the state.
    """

    signal: jax.Array
    alpha: jax.Array
