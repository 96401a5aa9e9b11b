"""Settings of every test process, made before JAX is imported.

Tests compile some thousand tiny programs and run each for milliseconds: a core of its own for every worker, cheap
compilation, and a compilation cache shared with child processes and the other worker save most of that time.
"""

from __future__ import annotations

import gc
import importlib.util
import mmap
import os
import tempfile
from pathlib import Path

_worker = os.environ.get("PYTEST_XDIST_WORKER")
if _worker and hasattr(os, "sched_setaffinity"):
    _cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {_cores[int(_worker.removeprefix("gw")) % len(_cores)]})

CHEAP = {
    "xla_backend_optimization_level": "0",
    "xla_llvm_disable_expensive_passes": "true",
    "xla_cpu_use_fusion_emitters": "false",  # the older emitters take a third of the time to compile
    "xla_cpu_parallel_codegen_split_count": "1",
}
"""Settings of XLA for programs that run a few times. It ends a process that names one it does not have."""


def _known(settings: dict[str, str]) -> str:
    """Those of these settings that the installed XLA has, as flags."""
    package = importlib.util.find_spec("jaxlib")
    assert package is not None
    assert package.origin is not None
    library = max(Path(package.origin).parent.glob("*.so"), key=lambda file: file.stat().st_size)
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as code:
        return " ".join(f"--{name}={value}" for name, value in settings.items() if code.find(name.encode()) >= 0)


if "XLA_FLAGS" not in os.environ:  # else this is a worker, which has those of its parent
    os.environ["XLA_FLAGS"] = _known(CHEAP)
if "SPARSERNN_CACHE" not in os.environ:
    os.environ["SPARSERNN_CACHE"] = str(Path(tempfile.gettempdir()) / f"sparsernn-tests-{os.getuid()}")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
gc.set_threshold(50_000, 20, 50)  # tracing makes many objects that live on: looking through them again is in vain

from hypothesis import settings  # noqa: E402

from sparsernn.cli import use_caches  # noqa: E402

use_caches()
settings.register_profile("suite", deadline=None)  # the first example of a property may compile
settings.load_profile("suite")

DEAREST = (
    "cross/test_products.py",
    "contracts/test_models.py",
    "training/test_resume.py",
    "contracts/test_measures.py",
    "dynamics/oddities/test_gallery.py",
    "training/test_loop.py",
    "runs/test_damage.py",
    "docs/test_notebooks.py",
    "cli/test_pipeline.py",
    "contracts/test_sparsifiers.py",
)
"""Files that take longest, in that order: they are begun first, so that the workers end together."""


def pytest_collection_modifyitems(items):
    """The dearest files first; the others, and all tests of a file, as they were."""
    place = {f"tests/{name}": i for i, name in enumerate(DEAREST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(DEAREST)))


MOST_MAPS = 40_000
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
