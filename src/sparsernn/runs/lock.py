"""One process at a time works in a run directory."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sparsernn.errors import Interrupted, StoreError
from sparsernn.runs.refusals import writing

PATIENCE = 0.2
"""Seconds between two looks at a lock that is waited for."""
WINDOWS = os.name == "nt"
BEYOND = 1 << 30
"""Windows locks bytes, and nobody can read those: one far behind the text that says who holds the lock."""


@contextmanager
def locked(directory: Path, wait: bool, stopped: Callable[[], bool]) -> Iterator[None]:
    """Within this context, no other process or thread works in a directory: its file `lock` is held.

    The system lets go of it when the process ends, however it ends.

    Args:
        directory: of one training.
        wait: wait if another one holds it.
        stopped: asked while waiting.

    Raises:
        StoreError: if another one holds it and `wait` is false (it says who), or the disk knows no locks.
        Interrupted: if `stopped` returns true while waiting.
    """
    with writing(directory / "lock"):
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while not _taken(lock, directory):
            holder = _text(lock) or "unknown"
            if not wait:
                raise StoreError(
                    f"{directory} is being run by another process ({holder}); wait for it, or give another store"
                )
            if stopped():
                raise Interrupted(
                    f"stopped while waiting for the training at {directory} ({holder}); the same command goes on"
                )
            time.sleep(PATIENCE)
        with suppress(OSError):  # only for the message above
            os.ftruncate(lock, 0)
            os.lseek(lock, 0, os.SEEK_SET)
            os.write(lock, f"pid {os.getpid()} on {socket.gethostname()}\n".encode())
        yield
    finally:
        os.close(lock)


def _taken(lock: int, directory: Path) -> bool:
    """Try to take the lock, and say whether it is ours now. StoreError if the disk knows no locks."""
    try:
        if WINDOWS:
            import msvcrt

            os.lseek(lock, BEYOND, os.SEEK_SET)
            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        raise StoreError(f"{directory} cannot be locked: {error.strerror or error}; is it a network disk?") from None
    return True


def _text(lock: int) -> str:
    os.lseek(lock, 0, os.SEEK_SET)
    return os.read(lock, 200).decode(errors="replace").strip()
