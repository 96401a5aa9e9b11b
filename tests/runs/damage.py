"""Every file of a run, damaged in every way, through every reader: an error that says what to do, or the same numbers.

``python tests/runs/damage.py [POSITIONS]`` trains four tiny runs, damages copies of them at random places, and
prints a table: file × damage → how many were refused, how many gave the same numbers. Exit code 1 if any gave others.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import DataError, SpecError, StoreError
from sparsernn.report.runs import by_task
from sparsernn.report.subject import Subject
from sparsernn.report.tables import summary
from sparsernn.runs.record import Record
from sparsernn.sparsifiers.base import Clock
from sparsernn.studies.free_run import free_run
from sparsernn.training.run import run
from sparsernn.training.run_spec import read_spec

READERS: dict[str, Callable[[Record], Any]] = {
    "outcome": lambda r: r.outcome,
    "history": lambda r: r.history(),
    "weights": lambda r: (r.weights(), r.prunables()),
    "masks": lambda r: r.masks(),
    "measures": lambda r: (r.measures(), r.numbers("validation")),
    "evidence": lambda r: r.evidence(),
    "watched": lambda r: (r.watched(), r.part("watch.csv")),
    "snapshot": lambda r: r.snapshot(3),
    "importance": lambda r: r.importance(),
    "regularizers": lambda r: r.regularizers(),
    "environment": lambda r: r.environment(),
    "seconds": lambda r: r.seconds(),
    "prepared": lambda r: r.prepared(),
    "lineage": lambda r: [(a.identity, a.round) for a in r.lineage()],
    "spec": lambda r: {k: v for k, v in r.spec.items() if k not in ("measures", "rounds")},
    "generate": lambda r: free_run(r, 5).values,
    "report": lambda r: [
        (summary(c).dicts(), [plain(Subject(t).signals) for t in c.trainings if t.outcome.name == "finished"])
        for c in by_task([r])
    ],
}
TIMED = ("seconds", "environment", "report")
"""What another sitting changes."""
ERRORS = (StoreError, DataError, SpecError)


def damages(path: Path, others: dict[str, Path], chance: random.Random) -> Iterator[tuple[str, bytes | None]]:
    """(name, new content; None: removed) of all ways."""
    raw = path.read_bytes()
    yield "removed", None
    yield "emptied", b""
    if raw:
        yield "truncated", raw[: chance.randrange(len(raw))]
        yield "zeroed", bytes(len(raw))
        begin = chance.randrange(len(raw))
        yield "zeroed in part", raw[:begin] + bytes(len(raw[begin : begin + 64])) + raw[begin + 64 :]
        place, bit = chance.randrange(len(raw)), 1 << chance.randrange(8)
        yield "flipped", raw[:place] + bytes([raw[place] ^ bit]) + raw[place + 1 :]
        yield "longer", raw + raw[-20:]
    for name, directory in others.items():
        other = directory / path.name
        if other.is_file() and other.read_bytes() != raw:
            yield name, other.read_bytes()
    kinds = {".json": "timings.csv", ".csv": "masks.safetensors", ".safetensors": "environment.json"}
    yield "another kind", (path.parent / kinds.get(path.suffix, "spec.json")).read_bytes()
    twin = {"weights": "masks", "masks": "weights", "evidence": "prepared", "measures": "environment"}.get(path.stem)
    if twin:
        yield "its neighbor", (path.parent / f"{twin}{path.suffix}").read_bytes()


def subtle(path: Path, folder: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """(name, what does it) of damages that a program may rightly overlook: then the numbers are the same."""
    raw = path.read_bytes()
    for name, other in (
        ("a byte shorter", raw[:-1]),
        ("a line end longer", raw + b"\n"),
        ("a zero longer", raw + b"\0"),
        ("other line ends", raw.replace(b"\n", b"\r\n")),
        ("marked as UTF-8", b"\xef\xbb\xbf" + raw),
        ("one digit", raw.replace(b"1", b"2", 1)),
        ("twice", raw + raw),
    ):
        if other != raw:
            yield name, lambda other=other: _put(path, other)
    elsewhere = folder / f"elsewhere-{path.name}"
    elsewhere.write_bytes(raw)
    yield "a link", lambda: path.symlink_to(elsewhere)
    yield "a link to nothing", lambda: path.symlink_to("nowhere")
    yield "a link to itself", lambda: path.symlink_to(path.name)
    yield "a folder", lambda: path.mkdir()
    yield "another time", lambda: (_put(path, raw), os.utime(path, (0, 0)))[0]


def _put(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)


def plain(value: Any) -> Any:
    """Something that can be compared, bit for bit."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    return repr(value)


def seen(directory: Path, readers: tuple[str, ...] = tuple(READERS)) -> dict[str, Any]:
    """What every reader gives, or its error."""
    found: dict[str, Any] = {}
    for name in readers:
        try:
            found[name] = plain(READERS[name](Record(directory)))
        except ERRORS as error:
            found[name] = error
    return found


def unlike(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Readers that give other numbers; an error with words is none of them."""
    return [
        name
        for name, value in after.items()
        if not isinstance(value, Exception) and (isinstance(before[name], Exception) or before[name] != value)
    ]


class Runs:
    """A finished run of a dense training and a pruned round, a paused one, a diverged one; for each an earlier state of
    itself and another run of its kind, to take files from."""

    def __init__(self, root: Path):
        time = np.arange(160) * 0.3
        np.save(root / "waves.npy", np.stack([np.sin(time), np.cos(1.3 * time)], axis=1))
        self.root, self.specs, self.directories, self.others = root, {}, {}, {}
        whole = {"rounds": {"count": 1}, "sparsifier": {"geometric": {"drop_fraction": 0.25, "starts": 1}}}
        whole |= {"watch": ["score"], "snapshots": 1}
        for name, fields, stop in (
            ("finished", whole, None),
            ("paused", {}, Clock(8, 0, 4, 3)),
            ("diverged", {"optimizer": {"sgd": {"learning_rate": 1e18}}}, None),
        ):
            earlier = Clock(6, 1 if name == "finished" else 0, 4, 3)
            for place, seed, until in (("own", 0, earlier), ("older", 0, None), ("own", 0, stop), ("other", 1, stop)):
                if place == "older":
                    shutil.copytree(root / name / "own", root / name / "older")
                    continue
                self.specs[name] = self.spec(seed=0, **fields)
                record = run(self.spec(seed=seed, **fields), root / name / place, until=until)
                if place == "own":
                    self.directories[name] = record.directory
                else:
                    older = root / name / "older" / self.directories[name].name
                    self.others[name] = {"of another run": record.directory, "older": older}
        assert [self.directories and Record(d).outcome.name for d in self.directories.values()] == [*self.directories]

    def spec(self, **fields: Any) -> Any:
        return read_spec(
            {
                "task": {"reconstruction": {"file": str(self.root / "waves.npy"), "sequence": 6}},
                "network": {"plrnn": {"hidden": 4}},
                "optimizer": {"radam": {"learning_rate": 1e-2}},
                "epochs": 3,
                "updates_per_epoch": 4,
                "batch": 2,
                "regularizers": ["l1"],
                "measures": ["score", {"reconstruction": {"starts": 1, "horizon": 2, "removal_rows": 40}}],
                "select": {"key": "loss", "every": 1},
            }
            | fields
        )

    def copy(self, name: str, to: Path) -> Path:
        """The run's directory in a fresh copy of its store."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.root / name / "own", to)
        return to / self.directories[name].name

    def again(self, name: str, directory: Path) -> Record:
        until = Clock(8, 0, 4, 3) if name == "paused" else None
        return run(self.specs[name], directory.parent, until=until)


def files(directory: Path) -> list[Path]:
    return sorted(p for p in directory.iterdir() if p.is_file())


def main(positions: int) -> int:
    table: dict[tuple[str, str, str], Counter] = {}
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(Path(folder))
        for name in runs.directories:
            directory = runs.copy(name, Path(folder) / "copy")
            before = seen(directory)
            for path in files(directory):
                good = path.read_bytes()
                for i in range(positions):
                    for how, raw in damages(path, runs.others[name], random.Random(f"{path.name} {i}")):
                        if raw == good or (i and how in ("removed", "emptied", "zeroed", "another kind", "older")):
                            continue
                        path.unlink() if raw is None else path.write_bytes(raw)
                        after = seen(directory)
                        refused = any(isinstance(v, Exception) and v is not before[k] for k, v in after.items())
                        wrong = unlike(before, after)
                        result = "OTHER NUMBERS" if wrong else "refused" if refused else "same numbers"
                        table.setdefault((name, path.name, how), Counter())[result] += 1
                        path.write_bytes(good)
    for (name, file, how), counts in table.items():
        print(f"{name:10}{file:26}{how:16}" + ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    total = sum(table.values(), Counter())
    print(", ".join(f"{n} {what}" for what, n in sorted(total.items())))
    return int("OTHER NUMBERS" in total)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
