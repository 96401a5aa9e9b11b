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
    """A spec, an option or an argument that cannot be used.

    `problems` lists all that were found, one sentence each.
    """

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
    """The user has stopped the work (Ctrl-C, SIGTERM).

    What was reached is saved; the same command goes on from there.
    """

    exit_code = 5


class Undefined(str):
    """The reason why a number does not exist. It stands in results in place of that number.

    >>> Undefined("no directed triads")
    undefined because no directed triads
    """

    def __repr__(self) -> str:
        return f"undefined because {self!s}"


Number = float | Undefined
"""A result that may not exist."""


def close_to(name: str, known: Iterable[str]) -> list[str]:
    """Return the known name that `name` is probably a misspelling of, as a list of one; an empty list if none is."""
    return difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name.

    That is ``, did you mean "x"?`` if a known name is close, else the list of known names; nothing if there are none.
    """
    known = sorted(known)
    if close := close_to(name, known):
        return f', did you mean "{close[0]}"?'
    return f"; known: {', '.join(known)}" if known else ""
