"""Numbers as text: those that are compared share their decimals."""

from __future__ import annotations

import math
from collections.abc import Iterable

MOST_DECIMALS = 4


def decimals(values: Iterable[float]) -> int | None:
    """Digits after the point for numbers that stand together: enough for two digits of the smallest, at least two where
    all are below 100. None: they need powers of ten."""
    sizes = [abs(float(v)) for v in values if float(v) != 0]
    if not sizes:
        return 2
    smallest, largest = min(sizes), max(sizes)
    needed = max(1 - math.floor(math.log10(smallest)), 2 if largest < 100 else 1 if largest < 1000 else 0)
    if needed <= MOST_DECIMALS:
        return needed
    return MOST_DECIMALS if 1e-2 <= largest < 1e5 else None


def number(value: float | int, digits: int | None) -> str:
    """An integer with thousands, a float with `digits` decimals (None: as a power of ten); -0.00 loses its sign."""
    if isinstance(value, int):
        return f"{value:,}"
    text = f"{abs(value):.2e}" if digits is None else f"{abs(value):,.{digits}f}"
    return f"\N{MINUS SIGN}{text}" if value < 0 and float(text.replace(",", "")) else text


def short(value: float) -> str:
    """A number alone in a sentence: three significant digits, thousands with commas, a true minus sign."""
    size = abs(value)
    text = f"{size:,.0f}" if 1000 <= size < 1e6 else f"{size:.3g}"
    return f"\N{MINUS SIGN}{text}" if value < 0 and float(text.replace(",", "")) else text
