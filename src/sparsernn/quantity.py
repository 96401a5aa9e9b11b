"""What a number is called, what it means, and which way is better: said once, by the part that gives it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Way = Literal["lower", "higher"]


class Quantity(NamedTuple):
    """One number of a measure or a task.

    Args:
        key: its key among the numbers of its part.
        better: which way is better; None: neither. Checkpoints can be chosen by it where there is a better way.
        meaning: what it is, in a sentence without an end, for a report's list of definitions.
        title: what tables and axes call it; the key with spaces if left out.
        unit: shown on axes.
        floor, ceiling: keys of the same part with what a perfect and a useless model score; or the ceiling itself.
        leads: summaries show it. With no better way it stands behind the others.

    >>> Quantity("d_h", "lower", title="D_H", unit="0 to 1", floor="d_h_floor", ceiling=1.0).axis
    'D_H (0 to 1)'
    """

    key: str
    better: Way | None = None
    meaning: str = ""
    title: str = ""
    unit: str = ""
    floor: str | None = None
    ceiling: str | float | None = None
    leads: bool = True

    @property
    def name(self) -> str:
        return self.title or self.key.rpartition("/")[2].replace("_", " ")

    @property
    def axis(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def of(self, part: str) -> Quantity:
        """The same quantity with keys as reports have them, ``part/key``."""
        placed = lambda key: f"{part}/{key}" if isinstance(key, str) else key
        return self._replace(
            key=placed(self.key), title=self.name, floor=placed(self.floor), ceiling=placed(self.ceiling)
        )


def ways(quantities: Iterable[Quantity]) -> dict[str, Way]:
    """Key to the better way, of those that have one."""
    return {q.key: q.better for q in quantities if q.better is not None}
