"""JSON objects that certify themselves: the hash of the content stands inside, with the run that it belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparsernn.errors import DataError
from sparsernn.files.atomic import canonical_json, dump_json, parse_json

SEAL = "sha256"


def dump(path: str | Path, value: Mapping[str, Any]) -> bytes:
    """JSON of a mapping, with the sha256 of its content as last entry; `path` only names the file in errors."""
    return dump_json({**value, SEAL: _digest(value)}, path)


def parse(raw: bytes, path: str | Path) -> dict[str, Any]:
    """The mapping without its seal. DataError if it is none, or not what was sealed."""
    value = parse_json(raw, path)
    if not isinstance(value, dict):
        raise DataError(f"{path} holds no JSON object")
    seal = value.pop(SEAL, None)
    if seal != _digest(value):
        raise DataError(f"{path} does not have the content that its sha256 is of")
    return value


def _digest(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()
