"""Random keys by name: every draw of a run depends on the root seed and on the name of the draw, and on nothing else.

There is no generator whose state moves on. A resumed run, a re-ordered loop and a second process therefore draw the
same numbers. A string enters by the CRC-32 of its UTF-8 bytes (the same on all machines and Python versions), an
integer as it is.
"""

from __future__ import annotations

import zlib

import jax

from sparsernn.weights import IntLike


def key(seed: int, *names: str | IntLike) -> jax.Array:
    """Return the key of the draw called `names` under the root `seed`, as in ``key(0, "batch", step)``.

    Integers among the names may be traced (inside a compiled loop). Cost: one threefry block per name.
    """
    return named(jax.random.key(seed), *names)


def named(parent: jax.Array, *names: str | IntLike) -> jax.Array:
    """Return the key called `names` below another key; ``named(key(0), "a")`` is ``key(0, "a")``."""
    for name in names:
        parent = jax.random.fold_in(parent, zlib.crc32(name.encode()) if isinstance(name, str) else name)
    return parent
