"""The numbers a grade is made of, by short key; and the ranks of grades."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sparsernn.errors import Number, Undefined

GRADES = ("failed", "undecidable", "partial", "good", "excellent")
"""From worst to best. What cannot be told stands above what is known to have failed."""
FAILED, UNDECIDABLE, PARTIAL, GOOD, EXCELLENT = range(5)

ORDER = "reconstruction/"


class Numbers:
    """Numbers by short key; None where there are none. What is not finite does not exist."""

    def __init__(self, numbers: Mapping[str, Number]):
        self.given = numbers

    def get(self, key: str) -> Number | None:
        """A number, what is not finite as undefined; None where it was not measured."""
        value = self.given.get(ORDER + key, self.given.get(key))
        if value is None or isinstance(value, Undefined):
            return value
        return float(value) if math.isfinite(value) else Undefined("it is not finite")

    def known(self, key: str) -> float | None:
        """The same, None also where it is undefined."""
        value = self.get(key)
        return None if value is None or isinstance(value, Undefined) else value

    def share(self, key: str) -> float:
        """The same, 0 where there is none."""
        return self.known(key) or 0.0


def horizons(numbers: Mapping[str, Number], prefix: str) -> dict[int, Number]:
    """Steps ahead to error, ascending, of the keys ``<prefix>error_at_<steps>``."""
    start = f"{prefix}error_at_"
    found = {key.removeprefix(start): value for key, value in numbers.items() if key.startswith(start)}
    return {steps: found[str(steps)] for steps in sorted(int(s) for s in found if s.isdigit())}


def percent(share: float) -> str:
    """A share as whole percents, never rounded to nothing or to everything."""
    if 0 < share < 0.01:
        return "less than 1 %"
    if 0.99 < share < 1:
        return "99 %"
    return f"{share:.0%}".replace("%", " %")


def times(ratio: float) -> str:
    """A ratio as ``1.9`` or ``1,200``."""
    return f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}"
