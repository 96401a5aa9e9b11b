"""What a report was made from, so that the same report is not made again."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sparsernn.report.runs import RunComparison

MADE_BY = "Made by sparsernn"
READ = 2**18
"""The stamp stands in the first bytes of a page."""
PARTS = ("measures.json", "outcome.json", "timings.csv", "history.csv", "importance.safetensors", "weights.safetensors")


def stamp(comparisons: Iterable[RunComparison], title: str, notes: Sequence[str], so_far: str = "") -> str:
    """sha256 of all that a report shows: runs, their measures, outcomes and files, title, notes, version."""
    said: list[Any] = [version("sparsernn"), title, list(notes), so_far]
    for comparison in comparisons:
        for training in comparison.trainings:
            directory = training.record.directory
            said.append([training.label, training.record.identity, str(training.record.spec)])
            said += [_content(directory / part) for part in PARTS]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def is_page(path: Path) -> bool:
    """Whether a file is a page that a command of this package made, and may so be made again. OSError if unreadable."""
    return path.is_file() and MADE_BY in path.read_text(encoding="utf-8", errors="replace")


def _content(path: Path) -> str:
    """sha256, or nothing. Weights and importances are a few megabytes at most."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def sealed(stamp: str, made: Sequence[Path], root: Path) -> str:
    """What is put into the page: the stamp, and which other files belong to it."""
    names = [path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path) for path in made]
    return json.dumps({"stamp": stamp, "files": names})


def unchanged(page: Path, stamp: str) -> list[Path] | None:
    """The files that belong to a page which was made from the same; None where anything differs or is missing."""
    try:
        with page.open(encoding="utf-8", errors="replace") as file:
            found = re.search(r'<meta name="sparsernn" content="([^"]*)">', file.read(READ))
        about = json.loads(html.unescape(found[1])) if found else {}
        whole = _ends_well(page)
    except (OSError, ValueError):
        return None
    if not isinstance(about, dict) or about.get("stamp") != stamp or not whole:
        return None
    files = [page.parent / str(name) for name in about.get("files", [])]
    return files if all(path.is_file() and path.stat().st_size for path in files) else None


def _ends_well(page: Path) -> bool:
    with page.open("rb") as file:
        file.seek(max(0, page.stat().st_size - 64))
        return b"</html>" in file.read()
