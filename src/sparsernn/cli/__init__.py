"""The command line. `main` is the entry point; nothing heavy is imported before a command needs it."""

from __future__ import annotations

import errno
import os
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path


def cache_directory() -> Path:
    """Private directory (0700) of compiled code; below ``SPARSERNN_CACHE`` or the user's cache directory."""
    base = os.environ.get("SPARSERNN_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    directory = Path(base) / "sparsernn"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    directory.chmod(0o700)
    return directory


def use_caches() -> None:
    """Let JAX and numba keep compiled code between processes. Without effect on numbers; where the directory cannot be
    written (no home, a full disk) each process compiles for itself."""
    try:
        directory = cache_directory()
        (directory / ".writable").write_bytes(b"0" * 4096)
        (directory / ".writable").unlink(missing_ok=True)  # another process may have been first
    except (OSError, RuntimeError):
        os.environ.setdefault("NUMBA_CACHE_DIR", tempfile.mkdtemp(prefix="sparsernn-"))  # private, 0700
        return
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(directory / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.05")
    os.environ.setdefault("NUMBA_CACHE_DIR", str(directory / "numba"))


STOPPED = "interrupted; the same command goes on from the last checkpoint, or begins anew if it trains nothing"


def _leave(message: str, code: int) -> None:
    with suppress(OSError):  # standard error may be closed
        print(f"sparsernn: {message}", file=sys.stderr)
    sys.exit(code)


def _listen() -> list[int]:
    """Ctrl-C and SIGTERM raise KeyboardInterrupt. The list returned holds those that came: a library's callback may
    swallow the exception, but the request stands."""
    came: list[int] = []

    def interrupt(number: int, frame: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    usual = sys.unraisablehook
    sys.unraisablehook = lambda seen: None if seen.exc_type is KeyboardInterrupt else usual(seen)
    return came


def _gone(error: BaseException | None) -> bool:
    """Whether an error came about because nobody reads the output any more (``sparsernn parts | head``).

    rich and typer make a SystemExit of code 1 of it.
    """
    while error is not None and not isinstance(error, BrokenPipeError):
        error = error.__cause__ or error.__context__
    return error is not None


def _hang_up() -> None:
    """Write out what is left; what nobody reads goes nowhere, so that Python's own last flush is silent too."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        except (OSError, ValueError, AttributeError):  # a full disk, a closed or missing stream: not our matter
            pass


def main() -> None:
    """Run the command line and leave with its exit code.

    It is 0, also where the reader of the output has gone; 2 for wrong usage or a bad spec; 3 diverged; 4 unreadable
    data or file; 5 interrupted and resumable.
    """
    try:
        _main()
    except BrokenPipeError:
        sys.exit(0)
    except SystemExit as end:
        if end.code == 1 and _gone(end):
            sys.exit(0)
        raise
    finally:
        _hang_up()


def _main() -> None:
    from sparsernn.errors import SparseRNNError

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # names and units need not exist in the terminal's alphabet
    use_caches()
    came = _listen()
    try:
        from sparsernn.cli.app import app

        app()
    except SparseRNNError as error:
        _leave(str(error), error.exit_code)
    except KeyboardInterrupt:
        _leave(STOPPED, 5)
    except SystemExit as end:
        if end.code == 130 or (came and end.code in (0, None)):  # 130: typer's own answer to an interrupt
            _leave(STOPPED, 5)
        raise
    except (MemoryError, OverflowError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "RESOURCE_EXHAUSTED" not in str(error):
            raise
        _leave(f"this asks for more than the machine can hold ({str(error)[:200]}); take smaller sizes", 2)
    except BrokenPipeError:
        raise
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        full = "; is a disk full?" if error.errno in (None, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG) else ""
        _leave(f"the system refuses: {error.strerror or error}{place}{full}", 4)
