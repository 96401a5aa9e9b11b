"""The lock where there is no flock: Windows locks a byte far behind the text."""

import os
import sys
import types

import pytest

from sparsernn.errors import StoreError
from sparsernn.runs import lock


@pytest.fixture
def windows(monkeypatch):
    """msvcrt as its documentation has it: one holder a byte, PermissionError for others."""
    held = {}

    def locking(handle, mode, count):
        place = (os.fstat(handle).st_ino, os.lseek(handle, 0, os.SEEK_CUR))
        assert (mode, count) == (2, 1)
        try:
            if held.get(place, handle) != handle:
                os.fstat(held[place])  # closed handles hold nothing
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            if error.errno == 13:
                raise
        held[place] = handle

    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(locking=locking, LK_NBLCK=2))
    monkeypatch.setattr(lock, "WINDOWS", True)
    return held


@pytest.mark.parametrize("system", ["windows", "here"])
def test_one_at_a_time_and_free_afterwards(tmp_path, request, system):
    held = request.getfixturevalue("windows") if system == "windows" else None
    with lock.locked(tmp_path, False, lambda: False):
        assert f"pid {os.getpid()}" in (tmp_path / "lock").read_text()
        second = lock.locked(tmp_path, False, lambda: False)
        with pytest.raises(StoreError, match=f"another process \\(pid {os.getpid()}"):
            second.__enter__()
    assert held is None or {place for _, place in held} == {lock.BEYOND}
    with lock.locked(tmp_path, False, lambda: False):
        pass
