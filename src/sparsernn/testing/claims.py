"""Claims: what holds, or an AssertionError with the sentence that says what is expected."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import numpy as np

from sparsernn.errors import SpecError
from sparsernn.spec import Part, build, identity, plain


def claim(holds: Any, expected: str) -> None:
    """AssertionError(expected) unless it holds."""
    if not holds:
        raise AssertionError(expected)


def structure(tree: Any) -> Any:
    """Of a pytree: everything but the values of its arrays."""
    return jax.tree.structure(tree)


def same(one: Any, two: Any, expected: str) -> None:
    """Two pytrees of one structure with the same bits (NaN equals NaN)."""
    claim(structure(one) == structure(two), f"{expected}; their structures differ")
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        a, b = np.asarray(_plain(a)), np.asarray(_plain(b))
        claim(a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"), expected)


def close(one: Any, two: Any, expected: str, tolerance: float = 1e-12) -> None:
    """Two pytrees of one structure, equal to an absolute and relative tolerance: sums over arrays of another shape, or
    compiled in another order, differ in their last bits."""
    claim(structure(one) == structure(two), f"{expected}; their structures differ")
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        a, b = np.asarray(a), np.asarray(b)
        claim(a.shape == b.shape, f"{expected}; got the shapes {a.shape} and {b.shape}")
        if not np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True):
            raise AssertionError(f"{expected}; they differ by up to {np.nanmax(abs(a - b)):.3g}")


def copies(tree: Any) -> Any:
    """NumPy copies of all arrays."""
    return jax.tree.map(lambda a: np.array(_plain(a)), tree)


def _plain(array: Any) -> Any:
    return jax.random.key_data(array) if jax.dtypes.issubdtype(np.asarray(array).dtype, jax.dtypes.prng_key) else array


def check_part(part: Part) -> None:
    """A part is equal to what its fields say, has a hash, and if it is registered survives its plain form."""
    claim(dataclasses.is_dataclass(part), f"{type(part).__name__} must be a dataclass: @dataclass(frozen=True)")
    claim(dataclasses.replace(part) == part, f"equal fields must give an equal part, not so {part!r}")  # type: ignore[type-var]
    claim(hash(dataclasses.replace(part)) == hash(part), f"equal parts must have equal hashes, not so {part!r}")  # type: ignore[type-var]
    family = next(c for c in type(part).__mro__ if "registry" in c.__dict__)
    try:
        form = plain(part)
    except SpecError:
        return  # it, or a part of it, is in no registry
    again: Any = build(family, form)
    claim(again == part, f"the plain form must be read back to an equal part; {form} gave {again!r}")
    claim(plain(again) == form and identity(again) == identity(part), f"{form} must be read back to the same identity")
