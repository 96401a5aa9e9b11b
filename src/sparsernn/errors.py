"""What can go wrong, said so that the reader knows what to try next.

Every error of the library is a `SparseRNNError`; the command line turns it into one plain message and `exit_code`.
Divergence of a training is no error but an outcome of the run (`sparsernn.runs.store.Outcome`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SparseRNNError(Exception):
    """Base of all errors raised on purpose. The message says what was got, what was expected and what to try."""

    exit_code = 1


class SpecError(SparseRNNError):
    """A spec, an option or an argument that cannot be used. Holds *all* problems found, one sentence each."""

    exit_code = 2

    def __init__(self, problems: str | Iterable[str]):
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__(
            self.problems[0]
            if len(self.problems) == 1
            else f"{len(self.problems)} problems:\n" + "\n".join(f"  - {p}" for p in self.problems)
        )


class DataError(SparseRNNError):
    """A file or an array that cannot be read or is not usable as data."""

    exit_code = 4


class StoreError(SparseRNNError):
    """A run directory that is damaged, foreign, or in use by another process; also a disk that is full."""

    exit_code = 4


class Interrupted(SparseRNNError):
    """Stopped by the user (Ctrl-C, SIGTERM). What was reached is saved; the same command goes on from there."""

    exit_code = 5


class Undefined(str):
    """A number that does not exist, with the reason: takes the place of a float in results, never printed as 0.

    >>> Undefined("no directed triads")
    undefined because no directed triads
    """

    def __repr__(self) -> str:
        return f"undefined because {self!s}"


def close_to(name: str, known: Iterable[str]) -> list[str]:
    """The known name that `name` may be a misspelling of, alone in a list; an empty list if none is close."""
    return difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)


def nearest(name: str, known: Iterable[str]) -> str:
    """', did you mean "x"?' for the closest known name, else the list of what is known; '' if nothing is known."""
    known = sorted(known)
    if close := close_to(name, known):
        return f', did you mean "{close[0]}"?'
    return f"; known: {', '.join(known)}" if known else ""
