"""Penalties of single weights: values and slopes, at 0 too."""

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.regularizers.l1 import L1
from sparsernn.regularizers.l2 import L2


def test_slopes_are_zero_at_zero():
    w = jnp.array([0.0, -0.0, 2.0, -3.0])
    for part, values, slopes in ((L1(), [0, 0, 2, 3], [0, 0, 1, -1]), (L2(), [0, 0, 4, 9], [0, 0, 4, -6])):
        np.testing.assert_array_equal(part.cost(w), values)
        np.testing.assert_array_equal(jax.grad(lambda w, part=part: part.cost(w).sum())(w), slopes)
