"""Images and labels in the IDX format (MNIST and its relatives)."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.limits import regular_file, unpacked_limit, unreadable


def read_idx(path: str | Path) -> np.ndarray:
    """The uint8 array of an IDX file, plain or gzip: (n, 28, 28) images or (n,) labels. Read-only.

    The header is two zero bytes, 8 for uint8, the number of dimensions (1 to 4), then each as a big-endian uint32.
    DataError for another magic, another type, a size that does not match, more than the file can honestly unfold to.
    """
    path = regular_file(path)
    size = path.stat().st_size
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if not packed:
                return _read(raw, size, path)
            with gzip.open(raw) as file:
                return _read(cast(BinaryIO, file), unpacked_limit(size), path)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from None


def _read(file: BinaryIO, limit: int, path: Path) -> np.ndarray:
    magic = file.read(4)
    if len(magic) < 4 or magic[:3] != b"\0\0\x08" or not 1 <= magic[3] <= 4:
        raise DataError(f"{path} is no IDX file of uint8: expected the magic 00 00 08 01..04, got {magic.hex(' ')}")
    sizes = file.read(4 * magic[3])
    shape = tuple(int.from_bytes(sizes[i : i + 4], "big") for i in range(0, len(sizes), 4))
    count = math.prod(shape)
    if len(shape) < magic[3] or count > limit:
        raise DataError(f"{path} claims {count:,} values (shape {shape}), more than it can hold: damaged or truncated")
    data = file.read(count + 1)
    if len(data) != count:
        less = "fewer" if len(data) < count else "more"
        raise DataError(f"{path} holds {less} values than its header says ({count:,}, shape {shape}): damaged")
    return np.frombuffer(data, np.uint8).reshape(shape)
