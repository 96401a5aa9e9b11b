"""What a number is called, what it means, and which way is better. The part that gives the number says so, once."""

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
        floor, ceiling: keys of the same part with what a perfect and a useless model score. The ceiling may also be
            that number itself.
        leads: whether summaries show it. A number with no better way stands behind the others.

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
        """What tables call it: the title, or the key with spaces."""
        return self.title or self.key.rpartition("/")[2].replace("_", " ")

    @property
    def axis(self) -> str:
        """The label of an axis: the name and the unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def of(self, part: str) -> Quantity:
        """Return the same quantity with its keys written as in reports, ``part/key``."""
        placed = lambda key: f"{part}/{key}" if isinstance(key, str) else key
        return self._replace(
            key=placed(self.key), title=self.name, floor=placed(self.floor), ceiling=placed(self.ceiling)
        )


def ways(quantities: Iterable[Quantity]) -> dict[str, Way]:
    """Return key to better way, for the quantities that have one."""
    return {q.key: q.better for q in quantities if q.better is not None}
