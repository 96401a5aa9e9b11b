"""Data as Python programs hold them: arrays, trials, DataFrames, paths, names of what ships."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from sparsernn.errors import SparseRNNError, SpecError, nearest
from sparsernn.files.arrays import series_from
from sparsernn.files.example import EXAMPLES
from sparsernn.files.reading import AS_FOUND, Reading
from sparsernn.files.series import Series, read_series
from sparsernn.spec import build
from sparsernn.systems import SYSTEMS

READING = tuple(field.name for field in fields(Reading))
"""Each may be a keyword of its own."""


def reading_of(keywords: dict[str, Any]) -> Reading:
    """`reading`, or the keywords that are its fields; both are taken out of `keywords`. SpecError for both at once."""
    given = {name: keywords.pop(name) for name in READING if name in keywords}
    whole = keywords.pop("reading", AS_FOUND)
    if given and whole != AS_FOUND:
        raise SpecError(f"reading says how data are to be read, and so does {', '.join(given)}: give one of them")
    return build(Reading, given or whole)


def refuse_unknown(function: str, keywords: Sequence[str], known: Sequence[str]) -> None:
    """SpecError for all keywords that are not known, each with the nearest."""
    unknown = [name for name in keywords if name not in known]
    if unknown:
        raise SpecError([f'{function} has no keyword "{name}"{nearest(name, known)}' for name in unknown])


def is_path(data: Any) -> bool:
    """Whether it is one path, or the name of a known system or recording."""
    return isinstance(data, str | Path)


def series_of(
    data: Any, names: Sequence[str] | None, dt: float | None, columns: Sequence[str | int] | None, reading: Reading
) -> Series | None:
    """The data as a series, read and checked; None for one path or name, which a run reads itself. SpecError for a name
    that is neither a file nor known, and for `names` of a file's columns."""
    if isinstance(data, Series):
        return data
    paths = isinstance(data, list | tuple) and len(data) > 0 and all(isinstance(one, str | Path) for one in data)
    if (is_path(data) or paths) and names is not None:
        raise SpecError("names: a file has names of its own; columns picks some of them")
    if is_path(data):
        known = {*SYSTEMS, *EXAMPLES}
        if str(data) not in known and not Path(data).suffix and not Path(f"{data}.hea").is_file():
            raise SpecError(f'there is no recording or system "{data}"{nearest(str(data), known)}')
        return None
    if paths:
        return read_series(data, columns=columns, dt=dt, reading=reading)
    return series_from(data, names=names, dt=dt, columns=columns, reading=reading)


@contextmanager
def in_python() -> Iterator[None]:
    """Errors that name options of the command line name keywords instead."""
    try:
        yield
    except SpecError as error:
        raise SpecError([without_dashes(problem) for problem in error.problems]) from None
    except SparseRNNError as error:
        raise type(error)(without_dashes(str(error))) from None


def without_dashes(text: str) -> str:
    """``--learning-rate`` becomes ``learning_rate``; what is said for Python beside it goes."""
    text = re.sub(r" \(in Python [^)]*\)", "", text)
    return re.sub(r"(?<!\w)--([a-z][a-z-]*)", lambda found: found[1].replace("-", "_"), text)
