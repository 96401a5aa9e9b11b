"""Files that are either the old or the new version, never half of one: written beside, flushed to disk, renamed."""

from __future__ import annotations

import errno
import json
import math
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from sparsernn.errors import DataError, SpecError, StoreError, Undefined
from sparsernn.files.limits import regular_file, unreadable

JSON_BYTES = 64 * 1024**2


@contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` when the block ends well, and leaves no trace when it does not.

    The bytes are on the disk before the rename, the rename before the return. StoreError where the system refuses
    (a full disk, a missing or read-only folder), naming the path.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise StoreError(f"{path} is a folder or a device, and would be replaced; give the name of a file")
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            with beside.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        except BaseException:
            with suppress(OSError):
                beside.unlink()
            raise
        _sync_folder(path.parent)
    except OSError as error:
        advice = "; make room and run the same command again" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        raise StoreError(f"{path} cannot be written: {error.strerror or error}{advice}") from None


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text atomically, line ends as they stand."""
    with replacing(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))  # file names need not be UTF-8


def write_bytes(path: str | Path, raw: bytes) -> None:
    """Write bytes atomically."""
    with replacing(path) as file:
        file.write(raw)


def write_array(path: str | Path, array: Any) -> None:
    """Write one array of numbers (NumPy's or JAX's) as .npy, atomically. SpecError for an array of objects."""
    array = np.asarray(array)
    if array.dtype.hasobject:
        raise SpecError(f"{path}: an array of Python objects would become a pickle; give numbers")
    with replacing(path) as file:
        np.save(file, array, allow_pickle=False)


def write_json(path: str | Path, value: Any) -> None:
    """Write plain values as JSON, atomically; an `Undefined` becomes ``{"undefined": reason}``.

    Tuples become lists, NumPy scalars and arrays numbers and lists. NaN and infinities are refused (SpecError, with the
    place): a number that does not exist is written as Undefined, with the reason.
    """
    write_bytes(path, dump_json(value, path))


def dump_json(value: Any, path: str | Path) -> bytes:
    """What `write_json` writes; `path` only names the file in errors."""
    text = json.dumps(_jsonable(value, "", Path(path)), indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


def canonical_json(value: Any) -> bytes:
    """The one text of a value that `dump_json` writes and `parse_json` reads: keys sorted, no spaces."""
    plain = _jsonable(value, "", Path())
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def read_json(path: str | Path, limit: int = JSON_BYTES) -> Any:
    """Plain values from a JSON file of at most `limit` bytes; ``{"undefined": reason}`` becomes `Undefined` again.

    DataError, with line and column, for what is no JSON; also for NaN, infinities and numbers beyond float64.
    """
    path = regular_file(path)
    if path.stat().st_size > limit:
        raise DataError(f"{path} has {path.stat().st_size:,} bytes; JSON files of more than {limit:,} are not read")
    try:
        return parse_json(path.read_bytes(), path)
    except OSError as error:
        raise unreadable(path, error) from None


def parse_json(raw: bytes, path: str | Path) -> Any:
    """`read_json` of bytes already read; `path` only names the file in errors."""
    path = Path(path)
    if not raw:
        raise DataError(f"{path} is empty (0 bytes)")
    try:
        return json.loads(
            raw.decode("utf-8"), object_hook=_revive, parse_float=_finite, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        raise DataError(f"{path} is no JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is no JSON: it is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise unreadable(path, error) from None


def _jsonable(value: Any, place: str, path: Path) -> Any:
    if isinstance(value, Undefined):
        return {"undefined": str(value)}
    if hasattr(value, "tolist"):  # a NumPy scalar or array
        value = value.tolist()
    if isinstance(value, Mapping):
        wrong = [k for k in value if not isinstance(k, str)]
        if wrong:
            raise SpecError(f"{path}: JSON keys are strings, got {wrong[0]!r} in {place or 'the top level'}")
        return {k: _jsonable(v, f"{place}.{k}" if place else k, path) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(v, f"{place}[{i}]", path) for i, v in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise SpecError(f'{path}: {place or "the value"} is {value}; write Undefined("why it does not exist") instead')
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise SpecError(f"{path}: {place or 'the value'} is a {type(value).__name__}, which JSON cannot hold")


def _revive(pairs: dict[str, Any]) -> Any:
    if len(pairs) == 1 and isinstance(pairs.get("undefined"), str):
        return Undefined(pairs["undefined"])
    return pairs


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is too large for float64")
    return number


def _refuse_constant(text: str) -> float:
    raise ValueError(f"it holds {text}, which is no JSON number")
