"""Double precision, in the one place that turns it on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import jax


@contextmanager
def precise(enabled: bool = True) -> Iterator[None]:
    """Within this context, JAX computes in float64, and matrix products at the highest precision.

    Hand NumPy arrays in and take NumPy arrays out. Draw no random numbers inside: the same key gives other numbers in
    float64. ``precise(False)`` leaves the type of floats alone and only raises the precision of matrix products (GPUs
    would otherwise use TF32).
    """
    with jax.enable_x64(enabled or jax.config.read("jax_enable_x64")), jax.default_matmul_precision("highest"):
        yield
