"""Series written exactly, with what is known of them beside the numbers."""

from __future__ import annotations

import csv
import io
import itertools
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sparsernn.errors import SpecError
from sparsernn.files.atomic import replacing, write_array, write_text
from sparsernn.files.units import with_unit

ENDINGS = (".npy", ".npz", ".csv")
TAIL = 1 << 16
"""Bytes at the end of a table in which its notes stand."""
LARGEST = 1 << 20
"""Bytes of the notes in an .npz file; larger ones are not ours."""


def write_series(
    path: str | Path,
    values: np.ndarray,
    names: Sequence[str],
    dt: float | None = None,
    starts: Sequence[int] = (0,),
    comments: Sequence[str] = (),
    *,
    time_unit: str = "",
    units: Sequence[str] = (),
) -> None:
    """Write (T, N) numbers as .npy, .npz or .csv, by the ending of `path`, atomically; every float64 reads back equal.

    ``.npy`` holds the numbers alone. ``.npz`` holds `values`, `names`, `starts`, `comments` and, where known, `dt`,
    `time_unit`, `units`. ``.csv`` begins with the names (with units as ``V [mV]``), then has the numbers in the
    shortest decimals that read back to the same float64, and ends with comment lines: ``# dt: 0.01 s``, ``# starts: 0,
    500`` (more than one stretch), one for each of `comments`. They stand last, so that the first line is the header for
    every program. `sparsernn.files.series.read_series` takes dt and starts from there, `comments_of` gives the comments
    back. SpecError for another ending or a count of names that does not fit.
    """
    path, values = Path(path), np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or len(names) != values.shape[1] or len(units) not in (0, len(names)):
        raise SpecError(f"{path}: shape {values.shape} with {len(names)} names and {len(units)} units; expected (T, N)")
    suffix = path.suffix.lower()
    if suffix == ".npy":
        write_array(path, values)
    elif suffix == ".npz":
        about = {"names": np.array(list(names), dtype=str), "starts": np.array(starts, dtype=np.int64)}
        if dt is not None:
            about |= {"dt": np.array(float(dt)), "time_unit": np.array(time_unit, dtype=str)}
        about |= {"units": np.array(list(units), dtype=str)} if any(units) else {}
        about |= {"comments": np.array(list(comments), dtype=str)} if comments else {}
        with replacing(path) as file:
            np.savez(file, values=values, **about)  # type: ignore[arg-type]
    elif suffix == ".csv":
        notes = [] if dt is None else [f"dt: {float(dt)!r} {time_unit}".rstrip()]
        notes += [f"starts: {', '.join(map(str, starts))}"] if len(starts) > 1 else []
        write_text(path, _csv(values, _titles(names, units), [*notes, *comments]))
    else:
        raise SpecError(f"{path}: the name must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")


def comments_of(path: str | Path) -> tuple[str, ...]:
    """The comments that `write_series` put into a .csv or .npz file; () where there are none, or no such file."""
    path = Path(path)
    try:
        if not path.is_file():  # a pipe would be waited for
            return ()
        if path.suffix.lower() == ".npz":
            with zipfile.ZipFile(path) as whole:
                if "comments.npy" not in whole.namelist() or whole.getinfo("comments.npy").file_size > LARGEST:
                    return ()
            with np.load(path, allow_pickle=False) as archive:
                return tuple(str(c) for c in archive["comments"].ravel())
        if path.suffix.lower() == ".csv":
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - TAIL))
                lines = file.read(TAIL).decode("utf-8", "replace").splitlines()
            notes = itertools.takewhile(lambda line: line.startswith("# "), reversed(lines))
            return tuple(note[2:] for note in reversed(list(notes)) if not re.match(r"# (dt|starts): ", note))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        pass
    return ()


def _titles(names: Sequence[str], units: Sequence[str]) -> list[str]:
    if not units:
        return list(names)
    return [with_unit(name, unit) for name, unit in zip(names, units, strict=True)]


def _csv(values: np.ndarray, titles: list[str], comments: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles)
    writer.writerows(map(repr, row) for row in values.tolist())
    for comment in comments:
        text.write(f"# {' '.join(comment.split())}\n")
    return text.getvalue()
