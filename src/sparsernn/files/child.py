"""Files read in a process of their own: a parser that crashes or swallows memory takes nothing with it.

SciPy, HDF5, Arrow and libsndfile are compiled code that a damaged file can end with a segmentation fault. A *job* is a
function ``job(path: str, **plain values) -> (dict of arrays, dict of plain values)`` in a module that imports nothing
heavy. The child is a Python without site packages' start-up files; question and answer are JSON, the arrays follow as
raw bytes: nothing is pickled. While a file is read, the network, other programs, writing and unpickling are refused.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np

from sparsernn.errors import DataError, SpecError
from sparsernn.files.limits import unpacked_limit, unreadable

MEMORY = 2**30
"""Bytes of address space for the libraries themselves, on top of what the file may need."""
SECONDS = 60.0
SECONDS_PER_BYTE = 1e-6
ANSWER = 1 << 24
PLAIN = "biufcMU"
START = "import sys; sys.path[:] = {path!r}; from sparsernn.files.child import serve; serve()"

Arrays = dict[str, np.ndarray]
Plain = dict[str, Any]


def call(
    job: str, path: Path, *, needs: str = "", seconds: float | None = None, **options: Any
) -> tuple[Arrays, Plain]:
    """What ``module:function`` says of a file, in a child with limits on memory and time (`seconds`). The libraries it
    `needs` (by comma) are loaded before the limits hold.

    DataError if the child crashes, takes too long or needs too much memory, or for what the function could not read;
    its DataError and SpecError come back as they are. Cost: about 0.3 s to start, less inside `shared`.
    """
    pool = _POOL.get()
    try:
        child = pool[0] if pool else _Child()
    except OSError as error:
        raise DataError(f"{path}: no process can be started to read it ({error.strerror or error})") from None
    if pool is not None:
        pool[:] = [child]
    try:
        size = path.stat().st_size
        limit = min(MEMORY + 4 * unpacked_limit(size), _physical())
        allowed = SECONDS + SECONDS_PER_BYTE * size if seconds is None else seconds
        question = {"job": job, "needs": needs, "path": str(path), "options": options, "memory": limit}
        return child.ask(question, path, allowed)
    except OSError as error:
        raise unreadable(path, error) from None
    finally:
        if pool is None or child.process.poll() is not None:
            child.close()
            if pool is not None:
                pool.clear()


@contextmanager
def shared() -> Iterator[None]:
    """One child for all files read inside (in this thread), replaced when it dies: for many files one after another."""
    if _POOL.get() is not None:
        yield
        return
    pool: list[_Child] = []
    token = _POOL.set(pool)
    try:
        yield
    finally:
        _POOL.reset(token)
        for child in pool:
            child.close()


class _Child:
    """The process, seen from the parent."""

    def __init__(self) -> None:
        here = str(Path(__file__).parents[2])
        places = [p for p in sys.path if os.path.isabs(p)]
        places += [here] if here not in places else []
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", START.format(path=places)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **single, "ARROW_DEFAULT_MEMORY_POOL": "system", "HDF5_PLUGIN_PRELOAD": "::"},
        )

    def ask(self, question: Plain, path: Path, seconds: float) -> tuple[Arrays, Plain]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            self.process.stdin.write(json.dumps(question).encode() + b"\n")
            self.process.stdin.flush()
            return _answer(self.process.stdout, question["memory"], path)
        except (DataError, SpecError):
            raise
        except BaseException as error:
            self.process.kill()  # nothing that is left of an unfinished answer may be taken for the next one
            code = self.process.wait()
            if not isinstance(error, Exception):
                raise
            if late.is_set():
                raise DataError(
                    f"{path} was given up after {seconds:.0f} s: it is damaged, or larger than is read here"
                ) from None
            raise DataError(
                f"{path} is damaged: the program that read it in a process of its own ended there (exit code {code}); "
                "take the file from its source again"
            ) from None
        finally:
            timer.cancel()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


_POOL: ContextVar[list[_Child] | None] = ContextVar("_POOL", default=None)


def _answer(stream: IO[bytes], memory: int, path: Path) -> tuple[Arrays, Plain]:
    """The child's answer, checked: it may have been damaged by what it read."""
    line = stream.readline(ANSWER)
    if not line.endswith(b"\n"):
        raise EOFError
    head = json.loads(line)
    if problems := head.get("problems"):
        if head["error"] == "SpecError":
            raise SpecError([str(p) for p in problems])
        raise DataError(str(problems[0]))
    arrays = {}
    for name, descr, shape in head["arrays"]:
        dtype = np.dtype(str(descr))
        if dtype.kind not in PLAIN or any(n < 0 for n in shape):
            raise EOFError
        count = 1
        for n in shape:
            count *= int(n)
        if count * dtype.itemsize > memory:
            raise EOFError
        data = np.empty(count, dtype)
        view, filled = data.view(np.uint8).data, 0
        while filled < len(view):
            if not (more := stream.readinto(view[filled:])):  # type: ignore[attr-defined]
                raise EOFError
            filled += more
        arrays[str(name)] = data.reshape(shape)
    return arrays, dict(head["plain"])


def serve() -> None:
    """What the child does: answer one question after another, until the parent closes the pipe."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):  # what libraries print must not get between the answers
        os.dup2(null, number)
    sys.addaudithook(_watch)
    for line in questions:
        question = json.loads(line)
        head, arrays = _outcome(question)
        answers.write(json.dumps(head).encode() + b"\n")
        for array in arrays:
            answers.write(array.reshape(-1).view(np.uint8).data)
        answers.flush()


def _outcome(question: Plain) -> tuple[Plain, list[np.ndarray]]:
    path = question["path"]
    try:
        module, function = question["job"].split(":")
        for name in [module, *filter(None, question["needs"].split(","))]:
            with suppress(ImportError):  # the job says how to get it
                import_module(name)
        job = getattr(import_module(module), function)
        with _memory(question["memory"]), _guarded():
            found, plain = job(path, **question["options"])
            arrays = [np.require(a, requirements=["C", "A"]) for a in found.values()]
    except (DataError, SpecError) as error:
        return {"error": type(error).__name__, "problems": getattr(error, "problems", [str(error)])}, []
    except MemoryError:
        said = f"{path} needs more than {question['memory']:,} bytes of memory to read: it is damaged or too large"
        return {"error": "DataError", "problems": [said]}, []
    except Exception as error:  # format libraries raise whatever their parsing meets in a damaged file
        return {"error": "DataError", "problems": [str(unreadable(path, error))]}, []
    listing = [[name, a.dtype.str, list(a.shape)] for name, a in zip(found, arrays, strict=True)]
    return {"arrays": listing, "plain": plain}, arrays


@contextmanager
def _memory(limit: int) -> Iterator[None]:
    """No more than `limit` bytes of address space, where the system knows such a limit."""
    try:
        import resource

        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit, before[1]))
    except (ImportError, OSError, ValueError):
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


_GUARDED: list[bool] = []


@contextmanager
def _guarded() -> Iterator[None]:
    _GUARDED.append(True)
    try:
        yield
    finally:
        _GUARDED.pop()


def _watch(event: str, arguments: tuple) -> None:
    """The audit hook: who reads a file has no business with the network, other programs, writing or pickles."""
    if not _GUARDED:
        return
    if event.startswith(("socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.", "os.system", "os.exec")):
        _stop(event)
    if event in ("os.fork", "os.posix_spawn", "os.rmdir", "pickle.find_class"):
        _stop(event)
    if event == "open" and (isinstance(arguments[0], int) or arguments[0] == os.devnull):
        return  # a file that is open already, or none
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if (writes or event in ("os.remove", "os.rename")) and "__pycache__" not in str(arguments[0]):
        _stop(f"{event} {arguments[0]}")


def _stop(what: str) -> NoReturn:
    raise DataError(f"a file was read that asked for: {what}; reading does no such thing")


def _physical() -> int:
    with suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 1 << 40
