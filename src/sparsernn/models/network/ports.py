"""What passes between a task and a network."""

from __future__ import annotations

from typing import NamedTuple

import jax

from sparsernn.models.base import State


class Ports(NamedTuple):
    """What a task asks of a network.

    Args:
        inputs: external inputs a step.
        outputs: outputs a step.
        observed: the outputs are the recorded variables of a dynamical system. They can be forced, and a state can
            begin from them.
        tokens: if above 0, the input of a step is one integer below this number (a word), looked up in an embedding.
        first: if above 0, a state begins from a vector of this length that is no observation (an encoded place).
            Otherwise it begins from an observation or at rest.
    """

    inputs: int
    outputs: int
    observed: bool = False
    tokens: int = 0
    first: int = 0


class Unrolled(NamedTuple):
    """What a run gives: the `outputs` of every step, (T, ..., outputs), and the `state` of all cells after the last."""

    outputs: jax.Array
    state: State


class Forcing(NamedTuple):
    """The data that a network is forced to, and how far after each step.

    After step t the observed part y of the state becomes ``(1 - alpha[t]) y + alpha[t] signal[t]``.

    Args:
        signal: the data, (T, ..., outputs).
        alpha: how far, (T,), in [0, 1].
    """

    signal: jax.Array
    alpha: jax.Array
