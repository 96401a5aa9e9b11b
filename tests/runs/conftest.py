"""The small runs of `tests/training`."""

from tests.training.conftest import geometric, leftovers, same, series, tiny, tree

__all__ = ["geometric", "leftovers", "same", "series", "tiny", "tree"]
