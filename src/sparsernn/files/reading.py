"""How a file is to be read, where the file itself leaves that open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from sparsernn.rules import Rule, holds
from sparsernn.spec import Checked


@dataclass(frozen=True)
class Reading(Checked):
    """What a user says of a file's form; every default means "found out, and said".

    - `variable`: the array or data set to take from a file of several (.npz, .mat, .h5, .nwb).
    - `header`: whether a text table's first line names the columns (None: found out; said where it is not plain).
    - `decimal`: the decimal mark of a text table.
    - `transpose`: the file has a row for each variable and a column for each time.
    - `time`: the column with the time (name or number; None: recognized; ``none``: no column is one).
    - `time_unit`: the unit of that column, as ``s`` or ``ms`` (None: as the file says, else unknown).
    - `trial`: a column whose value changes from one stretch to the next.
    - `gaps`: what to do with missing values: ``cut`` the series into stretches there, or ``interpolate``; None: refuse.
    - `resample`: bring an uneven time axis to even steps by linear interpolation (False: refuse).
    """

    variable: str | None = None
    header: bool | None = None
    decimal: Literal[".", ","] = "."
    transpose: bool = False
    time: str | int | None = None
    time_unit: str | None = None
    trial: str | int | None = None
    gaps: Literal["cut", "interpolate"] | None = None
    resample: bool = False

    rules: ClassVar[tuple[Rule, ...]] = (
        holds(
            lambda time, trial: time is None or time == "none" or time != trial,
            'time and trial are both "{time}": they are two columns',
        ),
    )


AS_FOUND = Reading()
"""Everything is found out, and said."""
