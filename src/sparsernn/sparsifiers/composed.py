"""What pruners and rewirers share: a schedule decides when masks change, a criterion decides which weights go."""

from __future__ import annotations

from sparsernn.sparsifiers.base import AbstractSparsifier
from sparsernn.sparsifiers.drop import AbstractDrop
from sparsernn.sparsifiers.schedule import AbstractSchedule


class Composed(AbstractSparsifier):
    """A sparsifier that has a schedule and a criterion.

    Its properties follow from these fields: it is traceable if the criterion is, and prunes by rounds if the schedule
    does.
    """

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
