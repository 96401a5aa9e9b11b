"""When the learning rate is divided."""

import jax.numpy as jnp
import pytest

from sparsernn.optimizers.base import OptState
from sparsernn.optimizers.plateau import Plateau
from sparsernn.optimizers.sgd import SGD


def factors(plateau, values):
    seen, found = plateau.init(), []
    for value in values:
        seen = plateau.after_validation(seen, value)
        found.append(float(seen.rate_factor))
    return found


@pytest.mark.parametrize(
    ("fields", "values", "expected"),
    [
        ({}, [5, 4, 4, 3, 6], [1, 1, 0.25, 0.25, 0.0625]),
        ({"divisor": 2, "patience": 2}, [5, 6, 7, 8, 4, 5, 5], [1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]),
        ({"divisor": 2, "threshold": 1.0}, [5, 4.5, 3.9, 3.8], [1, 0.5, 0.5, 0.25]),
        ({"divisor": 2}, [float("inf"), float("inf"), -3, -2], [0.5, 0.25, 0.25, 0.125]),
    ],
)
def test_divides(fields, values, expected):
    assert factors(Plateau(**fields), values) == expected


def test_the_rate_now_is_the_planned_one_divided():
    divided = SGD(learning_rate=0.8, plateau=Plateau(2.0))
    state = OptState((), divided.plateau.init())
    for worth in (3.0, 3.0):
        state = divided.after_validation(state, worth, 0)
    assert float(divided.rate_now(jnp.float32(0.8), state)) == pytest.approx(0.4)
    assert float(SGD(learning_rate=0.8).rate_now(jnp.float32(0.8), OptState(()))) == pytest.approx(0.8)
