"""Double precision through one door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import jax


@contextmanager
def precise(enabled: bool = True) -> Iterator[None]:
    """Inside, arrays are float64 and matrix products run at highest precision; NumPy goes in and NumPy comes out.

    Draw no random numbers inside: the same key gives other bits in another width.
    ``precise(False)`` leaves the width alone and only raises the precision of matrix products (GPUs would use TF32).
    """
    with jax.enable_x64(enabled or jax.config.read("jax_enable_x64")), jax.default_matmul_precision("highest"):
        yield
