"""One file of a published archive."""

from __future__ import annotations

import zipfile
from pathlib import Path

from sparsernn.errors import DataError
from sparsernn.files.limits import unpacked_limit


def member(archive: zipfile.ZipFile, name: str, path: Path, expected: str) -> bytes:
    """Its bytes, no more than the archive at `path` may unfold to.

    DataError where it is not there (`expected` says which archive is meant) or unfolds to more.
    """
    if name not in archive.namelist():
        raise DataError(f"{path} has no {name}; expected the archive of {expected}")
    limit = unpacked_limit(path.stat().st_size)
    with archive.open(name) as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise DataError(f"{path}: {name} unfolds to more than {limit:,} bytes; damaged")
    return raw
