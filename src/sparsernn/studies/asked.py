"""What a wish led to, kept beside its runs: the same command again need not look at the data a second time."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from sparsernn.errors import SparseRNNError, StoreError
from sparsernn.files import sealed
from sparsernn.files.atomic import write_bytes
from sparsernn.files.example import EXAMPLES
from sparsernn.runs.environment import library_versions
from sparsernn.spec import build, plain
from sparsernn.studies.place import ASKED, STORE
from sparsernn.studies.recording import Wish, named, specs
from sparsernn.systems import SYSTEMS
from sparsernn.tasks.prepared import hash_of
from sparsernn.training.run_spec import RunSpec


class Asked(NamedTuple):
    """The runs wanted, the notes, and whether both stood in the store, so that its runs are of these data."""

    wanted: list[RunSpec]
    notes: list[str]
    known: bool


def asked(wish: Wish, out: Path) -> Asked:
    """The `specs` of a wish; as they were the last time, where wish, bytes of the data, and versions of the libraries
    are the same. What is kept is a copy: lost or damaged it is made again."""
    named(wish.source)
    place, key = out / STORE / ASKED, _key(wish)
    with suppress(OSError, SparseRNNError, KeyError, TypeError):
        kept = sealed.parse(place.read_bytes(), place)
        if key is not None and kept["key"] == key:
            return Asked([build(RunSpec, spec) for spec in kept["specs"]], kept["notes"], True)
    return Asked(*specs(wish), False)


def keep(found: Asked, wish: Wish, out: Path) -> None:
    """For the next time; `out` is claimed. Without a place to write it is done without."""
    key = _key(wish)
    if found.known or key is None:
        return
    place = out / STORE / ASKED
    with suppress(StoreError):
        kept = {"key": key, "specs": [plain(spec) for spec in found.wanted], "notes": found.notes}
        write_bytes(place, sealed.dump(place, kept))


def _key(wish: Wish) -> dict[str, Any] | None:
    """None where the data cannot be told by their bytes."""
    source = [wish.source] if isinstance(wish.source, str) else list(wish.source)
    data = None if source[0] in (*SYSTEMS, *EXAMPLES) else hash_of([_file(one) for one in source])
    if data is None and source[0] not in (*SYSTEMS, *EXAMPLES):
        return None
    return {"wish": repr(wish), "data": data, "versions": library_versions()}


def _file(source: str) -> Path:
    """A record without its ending is its header."""
    header = Path(f"{source}.hea")
    return header if header.is_file() else Path(source)
