"""What the system refuses, as an error that says what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sparsernn.errors import StoreError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system refuses into a StoreError."""
    try:
        yield
    except OSError as error:
        room = "make room or " if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        raise StoreError(
            f"{path} cannot be written: {error.strerror or error}; {room}give another directory, then run again"
        ) from None
