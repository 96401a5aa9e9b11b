"""How much a file may unfold to, and the file itself as a checked thing on disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sparsernn.errors import DataError, nearest

SMALL = 64 * 1024**2
RATIO = 100


def unpacked_limit(packed: int) -> int:
    """The bytes that `packed` compressed bytes may become: 100 times as many, or 64 MiB if that is more.

    Recordings shrink two- to tenfold; deflate can reach 1,032 : 1, which only emptiness and attacks do.
    """
    return max(SMALL, RATIO * packed)


def regular_file(path: str | Path) -> Path:
    """The path, if it is an ordinary file with something in it; DataError otherwise (no folder, device or pipe)."""
    path = Path(path)
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder; expected a file")
        if not path.exists():
            if path.is_symlink():
                raise DataError(f"{path} is a link to {path.readlink()}, which is no file")
            raise DataError(f"{path}: no such file{_suggestion(path)}")
        if not path.is_file():
            raise DataError(f"{path} is no ordinary file (a device or a pipe); copy its content to a file first")
        if path.stat().st_size == 0:
            raise DataError(f"{path} is empty (0 bytes)")
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    return path


def unreadable(path: str | Path, error: Exception) -> DataError:
    """The DataError for what the operating system or a format library said about a file."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return DataError(f"{path} cannot be read: {' '.join(reason.split())[:300]}")


def sha256_of(*paths: Path) -> str:
    """The sha256 (hex) of one file, or of several one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()


def _suggestion(path: Path) -> str:
    try:
        hint = nearest(path.name, [p.name for p in path.parent.iterdir()])
    except OSError:
        return f"; the folder {path.parent} does not exist either"
    return hint if hint.startswith(", did") else ""
