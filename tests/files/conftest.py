import os
import tracemalloc
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import pytest

from sparsernn.files import child, limits


@pytest.fixture(autouse=True, scope="module")
def one_child():
    """One child for all files of a module, as its start takes longer than a small file."""
    with child.shared():
        yield


@pytest.fixture
def fresh_child(monkeypatch):
    """A child of its own for every file, as users have it."""
    monkeypatch.setattr(child, "_POOL", ContextVar("none", default=None))


@pytest.fixture
def without_package(fresh_child, tmp_path, monkeypatch):
    """A function that makes a package fail to import, here and in children."""

    def hide(name):
        folder = tmp_path / "hidden"
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("raise ImportError(__name__)")
        monkeypatch.syspath_prepend(folder)

    return hide


@pytest.fixture
def recorded_file():
    """The path of a file of the real data; skips where SPARSERNN_DATA does not hold it."""

    def find(name):
        root = os.environ.get("SPARSERNN_DATA")
        if not root or not (Path(root) / name).exists():
            pytest.skip(f"needs {name} under SPARSERNN_DATA")
        return Path(root) / name

    return find


@pytest.fixture
def small_limit(monkeypatch):
    """A machine that unfolds 1 MiB without questions instead of 64, so that small bombs will do."""
    monkeypatch.setattr(limits, "SMALL", 2**20)


@pytest.fixture
def little_memory():
    """A context that fails when more than `megabytes` were allocated inside at any moment, touched or not."""

    @contextmanager
    def watch(megabytes=150):
        tracemalloc.start()
        try:
            yield
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < megabytes * 2**20, f"{peak:,} bytes were allocated"

    return watch
