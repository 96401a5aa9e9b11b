"""Settings of every test process, made before JAX is imported.

Tests compile hundreds of tiny programs and run each for milliseconds: a core of its own for every worker, cheap
compilation, and a compilation cache shared with child processes and the other worker save most of that time.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_worker = os.environ.get("PYTEST_XDIST_WORKER")
if _worker and hasattr(os, "sched_setaffinity"):
    _cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {_cores[int(_worker.removeprefix("gw")) % len(_cores)]})
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")
if "SPARSERNN_CACHE" not in os.environ:
    os.environ["SPARSERNN_CACHE"] = str(Path(tempfile.gettempdir()) / f"sparsernn-tests-{os.getuid()}")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")

from sparsernn.cli import use_caches  # noqa: E402

use_caches()

MOST_MAPS = 25_000
"""Memory maps from which on compiled programs are let go: every one holds some, and Linux gives a process 65,530; the
one that asks for more is ended by a segmentation fault."""
_ended = 0


def pytest_runtest_teardown(item, nextitem):
    """Now and then, between two tests, see how many maps this process holds."""
    global _ended
    _ended += 1
    maps = Path("/proc/self/maps")
    if _ended % 20 == 0 and maps.exists() and maps.read_bytes().count(b"\n") > MOST_MAPS:
        import jax

        jax.clear_caches()
