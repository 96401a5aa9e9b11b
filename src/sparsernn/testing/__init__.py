"""What every member of a family promises, as functions that try one part: for parts of this package and of your own.

    from sparsernn.testing import check_sparsifier

    def test_mine():
        check_sparsifier(Mine(density=0.2))

Each raises an AssertionError with a sentence that says what is expected; none needs pytest. A part need not be
registered; one that is must also survive its plain form.
"""

from sparsernn.testing.cell import check_cell
from sparsernn.testing.forcing import check_forcing
from sparsernn.testing.measure import check_measure
from sparsernn.testing.optimizer import check_optimizer
from sparsernn.testing.regularizer import check_regularizer
from sparsernn.testing.sparsifier import check_sparsifier
from sparsernn.testing.task import check_task

__all__ = [
    "check_cell",
    "check_forcing",
    "check_measure",
    "check_optimizer",
    "check_regularizer",
    "check_sparsifier",
    "check_task",
]
