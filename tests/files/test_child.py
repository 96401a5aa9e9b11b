import json
import subprocess
import sys
import time

import numpy as np
import pytest

from sparsernn.errors import DataError, SpecError
from sparsernn.files import child

JOBS = """
import os, sys, time, numpy as np
from sparsernn.errors import DataError, SpecError
def arrays(path):
    print("noise")
    os.write(1, b"noise")
    return {"a": np.arange(6).reshape(2, 3), "e": np.empty((0, 2))}, {"n": 1}
def order(path): return {"a": np.asfortranarray(np.arange(6.0).reshape(2, 3)).astype(">f4")}, {}
def crash(path): import ctypes; ctypes.string_at(0)
def leave(path): os._exit(3)
def sleep(path): time.sleep(60)
def memory(path): return {"a": np.ones(10**10)}, {}
def data(path): raise DataError(f"{path} is bad")
def spec(path): raise SpecError(["one", "two"])
def strange(path): raise RuntimeError("strange")
def objects(path): return {"a": np.array([{}])}, {}
def write(path): open(path + ".new", "w")
def program(path): os.system("true")
def network(path): import socket; socket.create_connection(("127.0.0.1", 9))
def pickled(path): import pickle; pickle.loads(b"cos\\nsystem\\n.")
def loaded(path): return {}, {"modules": [m for m in ("jax", "pydantic", "scipy", "site") if m in sys.modules]}
def where(path): return {}, {"pid": os.getpid()}
"""


@pytest.fixture(autouse=True)
def jobs(tmp_path, monkeypatch, fresh_child):
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "some_jobs.py").write_text(JOBS)
    monkeypatch.syspath_prepend(tmp_path / "jobs")
    (tmp_path / "file").write_bytes(b"x")
    return tmp_path / "file"


def test_arrays_and_plain_values_come_back(jobs):
    arrays, plain = child.call("some_jobs:arrays", jobs)
    assert arrays["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert arrays["a"].flags.writeable
    assert arrays["e"].shape == (0, 2)
    assert plain == {"n": 1}
    assert child.call("some_jobs:order", jobs)[0]["a"].tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ("crash", r"file is damaged: .*ended there \(exit code -\d+\)"),
        ("leave", r"ended there \(exit code 3\)"),
        ("data", "file is bad"),
        ("strange", "file cannot be read: strange"),
        ("objects", "is damaged"),
        ("write", "file was read that asked for: open .*new"),
        ("program", "asked for: os.system"),
        ("network", "asked for: socket"),
        ("pickled", "asked for: pickle.find_class"),
    ],
)
def test_every_end_is_a_data_error(jobs, job, message):
    with pytest.raises(DataError, match=message):
        child.call(f"some_jobs:{job}", jobs)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is Linux's")
def test_memory_is_limited(jobs):
    with pytest.raises(DataError, match="bytes of memory"):
        child.call("some_jobs:memory", jobs)


def test_time_is_limited(jobs):
    begin = time.monotonic()
    with pytest.raises(DataError, match="given up after 1 s"):
        child.call("some_jobs:sleep", jobs, seconds=1)
    assert time.monotonic() - begin < 10


def test_spec_errors_keep_their_problems(jobs):
    with pytest.raises(SpecError) as caught:
        child.call("some_jobs:spec", jobs)
    assert caught.value.problems == ["one", "two"]


def test_nothing_heavy_is_loaded(jobs):
    assert child.call("some_jobs:loaded", jobs)[1]["modules"] == []
    for module in ("matlab", "hdf5", "arrow", "wfdb_record"):
        code = f"import sys, json, sparsernn.files.{module}; print(json.dumps(sorted(sys.modules)))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert not {"jax", "pydantic", "pandas", "h5py", "pyarrow", "wfdb", "scipy"} & set(json.loads(done.stdout))


def test_a_shared_child_serves_many_files_and_is_replaced_when_it_ends(jobs):
    def pid():
        return child.call("some_jobs:where", jobs)[1]["pid"]

    assert pid() != pid()
    with child.shared():
        first = pid()
        with child.shared():
            assert pid() == first
        with pytest.raises(DataError):
            child.call("some_jobs:data", jobs)
        assert pid() == first
        with pytest.raises(DataError):
            child.call("some_jobs:crash", jobs)
        second = pid()
        assert second != first
        assert pid() == second
        assert np.array_equal(child.call("some_jobs:arrays", jobs)[0]["a"], [[0, 1, 2], [3, 4, 5]])


def test_without_a_process_there_is_a_data_error(tmp_path, monkeypatch):
    (tmp_path / "x.mat").write_bytes(b"x" * 200)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with pytest.raises(DataError, match=r"x\.mat: no process can be started"):
        child.call("sparsernn.files.matlab:parse", tmp_path / "x.mat")
