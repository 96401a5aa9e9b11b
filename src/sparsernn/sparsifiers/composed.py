"""What pruners and rewirers share: a schedule says when masks change, a drop says which weights go."""

from __future__ import annotations

from sparsernn.sparsifiers.base import AbstractSparsifier
from sparsernn.sparsifiers.drop import AbstractDrop
from sparsernn.sparsifiers.schedule import AbstractSchedule


class Composed(AbstractSparsifier):
    """A sparsifier with the fields `schedule` and `drop`, and their demands."""

    schedule: AbstractSchedule
    drop: AbstractDrop

    @property
    def traceable(self) -> bool:
        return self.drop.traceable

    @property
    def needs_activity(self) -> bool:
        return self.drop.needs_activity

    @property
    def by_rounds(self) -> bool:
        return self.schedule.by_rounds
