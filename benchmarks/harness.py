"""What all rows share. Import this first: it pins the process to one core before anything can start threads."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

CORE = max(os.sched_getaffinity(0))
os.sched_setaffinity(0, {CORE})
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC"):
    os.environ[name] = "1"
# one core makes one XLA thread; the flag keeps it so where a library widens the affinity again
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"
os.environ["JAX_PLATFORMS"] = "cpu"

ROUNDS = 7


class Side(NamedTuple):
    """Median CPU and wall seconds of one piece of work (all threads of the process)."""

    cpu: float
    wall: float


class Timed(NamedTuple):
    """`ratio` is the peer's CPU time over ours, (median, least, greatest) over the rounds."""

    ours: Side
    peer: Side
    ratio: tuple[float, float, float]
    rounds: int


def clocked(work: Callable[[], Any]) -> Side:
    """One run of `work`; it must wait for its own result."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Side(time.process_time() - cpu, time.perf_counter() - wall)


def versus(ours: Callable[[], Any], peer: Callable[[], Any], per: tuple[float, float], rounds: int = ROUNDS) -> Timed:
    """Ours and the peer's in turn, `rounds` times, after one run of each that does not count.

    Each does so many times the unit of work as `per` says (ours, peer). CPU time is compared, not wall time: the
    machine may be shared, and both sides have one core and one thread.
    """
    ours(), peer()
    pairs = [(clocked(ours), clocked(peer)) for _ in range(rounds)]
    return compared([tuple(Side(s.cpu / n, s.wall / n) for s, n in zip(pair, per, strict=True)) for pair in pairs])


def compared(pairs: list[Any]) -> Timed:
    """Medians over pairs (ours, peer)."""
    sides = [Side(*(statistics.median(s) for s in zip(*side, strict=True))) for side in zip(*pairs, strict=True)]
    ratios = [peer.cpu / ours.cpu for ours, peer in pairs]
    return Timed(*sides, (statistics.median(ratios), min(ratios), max(ratios)), len(pairs))


def first_call(work: Callable[[], Any]) -> float:
    """Wall seconds of a first call, compilation included."""
    return clocked(work).wall


def peak_megabytes() -> float:
    """Largest resident memory of this process so far (MiB), imports and the pages of shared libraries included."""
    with open("/proc/self/status") as status:  # getrusage would count what the parent had at the fork
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def agree(ours: Any, peer: Any, what: str, tolerance: float = 1e-3) -> float:
    """Largest relative difference of two arrays; the row ends here if they do not compute the same thing."""
    import numpy as np

    ours, peer = np.asarray(ours, float), np.asarray(peer, float)
    away = float(np.abs(ours - peer).max() / max(np.abs(peer).max(), 1e-30))
    if not away <= tolerance:
        sys.exit(f"{what}: ours and the peer's differ by {away:.2g} (relative to the largest value)")
    return away


def report(
    name: str,
    timed: Timed,
    least: float | None,
    most: float | None,
    unit: str,
    note: str,
    peak: float = 0,
    **extra: Any,
) -> None:
    """Print a row as one JSON line. `least` bounds our speed-up (peer / ours) from below, `most` our time (ours / peer)
    from above; `peak` replaces this process' memory."""
    met = (least is None or timed.ratio[0] >= least) and (most is None or 1 / timed.ratio[0] <= most)
    row = {
        "row": name,
        "unit": unit,
        "rounds": timed.rounds,
        "ours": timed.ours._asdict(),
        "peer": timed.peer._asdict(),
    }
    row |= {
        "ratio": timed.ratio,
        "at_least": least,
        "at_most": most,
        "met": met and all(extra.get("limits", {}).values()),
    }
    print(json.dumps(row | {"peak_megabytes": peak or peak_megabytes(), "note": note} | extra), flush=True)


def report_alone(
    name: str, sides: list[Side], limit: float, unit: str, note: str, limits: dict[str, bool] | None = None
) -> None:
    """A row without a peer: `limit` bounds the median CPU seconds; `limits` are others, in words, and whether they are
    met."""
    ours = Side(*(statistics.median(s) for s in zip(*sides, strict=True)))
    row = {"row": name, "unit": unit, "rounds": len(sides), "ours": ours._asdict(), "note": note}
    held = {f"<= {limit:g} CPU seconds": ours.cpu <= limit, **(limits or {})}
    row |= {"limits": held, "met": all(held.values())}
    print(json.dumps(row), flush=True)
