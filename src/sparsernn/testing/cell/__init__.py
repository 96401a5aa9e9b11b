"""What every cell promises, alone and stacked. `check_cell` asks it all; what it asks is told in one file each.

`tried`: the networks; `running`: steps, sequences and starts; `matrices`: what is multiplied, and weights taken away;
`wiring`: arrays, gradients and the connectome.
"""

from __future__ import annotations

from sparsernn.models.base import AbstractCell
from sparsernn.precision import precise
from sparsernn.testing.cell.matrices import check_knockout, check_knockout_alone, check_sources, check_watched
from sparsernn.testing.cell.running import check_axes, check_flat, check_run, check_start, check_unroll
from sparsernn.testing.cell.tried import CASES, Tried
from sparsernn.testing.cell.wiring import check_connectome, check_gradient, check_init, check_prunables, check_turned
from sparsernn.testing.claims import check_part

__all__ = [
    "CASES",
    "Tried",
    "check_axes",
    "check_cell",
    "check_connectome",
    "check_flat",
    "check_gradient",
    "check_init",
    "check_knockout",
    "check_knockout_alone",
    "check_prunables",
    "check_run",
    "check_sources",
    "check_start",
    "check_turned",
    "check_unroll",
    "check_watched",
]


def check_cell(
    cell: AbstractCell,
    cases: tuple[str, ...] = ("reconstruction", "driven", "stack"),
    exact: bool = True,
    without_gradient: tuple[str, ...] = (),
) -> None:
    """Check what every cell promises, alone and stacked, in networks for several kinds of tasks.

    Numbers are float64, weights of size one. Give it few units (5, at least 3) and few sub-steps: every weight is
    removed once, and every network is compiled.

    Args:
        cell: to be tried.
        cases: of `CASES`.
        exact: False if its gradient is on purpose not that of its steps (a surrogate for a jump).
        without_gradient: names, in the cell's weights, of arrays that are not trained on purpose (a reservoir).

    Raises:
        AssertionError: with a sentence that says what is expected.
    """
    check_part(cell)
    for name in cases:
        check_init(cell, CASES[name])
        with precise():
            tried = Tried(cell, CASES[name])
            check_prunables(tried)
            check_unroll(tried)
            check_start(tried)
            check_watched(tried)
            check_sources(tried)
            check_knockout(tried)
            check_gradient(tried, exact, without_gradient)
            if name in ("reconstruction", "stack"):  # those that differ most
                check_axes(tried)
                check_run(tried)
                check_knockout_alone(tried)
                check_flat(tried)
                check_connectome(tried)
            check_turned(tried)
