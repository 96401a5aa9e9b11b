"""The look at data from a Python program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sparsernn.files.example import EXAMPLES, example_recording
from sparsernn.studies.data import READING, in_python, is_path, reading_of, refuse_unknown, series_of
from sparsernn.studies.look import look as look_at
from sparsernn.studies.look_file import series_to_look_at
from sparsernn.studies.looked import Look


def look(
    data: Any,
    *,
    dt: float | None = None,
    names: Sequence[str] | None = None,
    columns: Sequence[str | int] | None = None,
    **reading: Any,
) -> Look:
    """Look at data before anything is trained on them, as ``sparsernn look`` does: rhythm, noise, embedding, rows
    enough or not, and what is odd about them.

    `data`, `dt`, `names`, `columns` and the keywords for reading (`gaps`, `trial`, `time`, …) as for
    `sparsernn.reconstruct`. `warnings` of the result say what is odd, each with a code and what to try; ``to_dict()``
    gives plain values, ``write("page.html")`` a page with pictures. Two seconds for 100,000 rows. SpecError and
    DataError as `reconstruct`.

    >>> found = sparsernn.look(x, dt=0.1)
    >>> "periodic" in [warning.code for warning in found.warnings]
    True
    """
    refuse_unknown("look", list(reading), [*READING, "reading", "dt", "names", "columns"])
    with in_python():
        how = reading_of(reading)
        columns = (columns,) if isinstance(columns, str | int) else columns
        if is_path(data) and str(data) in EXAMPLES:
            return look_at(example_recording(str(data)))
        series = series_of(data, names, dt, columns, how)
        if series is None:
            series, found = series_to_look_at(data, columns=columns, dt=dt, reading=how)
            return look_at(series, found=found, files=[str(data)])
        return look_at(series)._replace(command=None, takes=None)
