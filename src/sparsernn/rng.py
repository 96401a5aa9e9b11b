"""Random keys by name: every draw of a run is a pure function of the root seed and of what it is for.

Nothing is drawn "next": a resumed run, a re-ordered loop and a second process draw the same numbers.
Strings are folded in by CRC-32 of their UTF-8 bytes (stable across machines and Python versions), integers as they are.
"""

from __future__ import annotations

import zlib
from typing import Any

import jax


def key(seed: int, *names: str | int | Any) -> jax.Array:
    """The key of the draw called `names` under the root `seed`, as in ``key(0, "batch", step)``.

    Integers may be traced (inside a compiled loop). Cost: one threefry block per name.
    """
    return named(jax.random.key(seed), *names)


def named(parent: jax.Array, *names: str | int | Any) -> jax.Array:
    """The key called `names` below another key."""
    for name in names:
        parent = jax.random.fold_in(parent, zlib.crc32(name.encode()) if isinstance(name, str) else name)
    return parent
