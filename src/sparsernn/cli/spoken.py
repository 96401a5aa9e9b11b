"""Errors in the words of the command line: what the library calls ``hidden=`` is ``--hidden`` there."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

PLACES = re.compile(r"^(?:task\.\w+(?:\.reading)?|network\.\w+|forcing\.\w+|optimizer\.\w+|select)(?:\.|: )")
"""Where in a spec a problem lies; somebody who gave options has not written one."""
IN_PYTHON = re.compile(r" \((?:in Python [^()]*|reading\.\w+)\)")
"""What a message says beside the option to somebody who writes Python."""


@contextmanager
def in_options(names: Iterable[str], source: str = "") -> Iterator[None]:
    """Errors raised inside name the options `names` (as Python writes them) and, always, the `source`."""
    from sparsernn.errors import SparseRNNError, SpecError

    names = tuple(names)
    try:
        yield
    except SpecError as error:
        raise SpecError([_about(as_options(problem, names), source) for problem in error.problems]) from None
    except SparseRNNError as error:
        raise type(error)(_about(as_options(str(error), names), source)) from None


def spoken(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with errors that name its own options."""
    names = tuple(inspect.signature(command).parameters)

    @wraps(command)
    def said(*arguments: Any, **options: Any) -> None:
        with in_options(names):
            command(*arguments, **options)

    return said


def as_options(text: str, names: Iterable[str]) -> str:
    """The text with ``name=value``, and a name or a place in a spec that it begins with, as options.

    >>> as_options("task.reconstruction: learning_rate must be positive, got 0", ["learning_rate"])
    '--learning-rate must be positive, got 0'
    >>> as_options("choose one with variable=: a, b", ["variable"])
    'choose one with --variable: a, b'
    """
    text = IN_PYTHON.sub("", PLACES.sub("", text))
    known = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    option = lambda found: "--" + found[1].replace("_", "-")
    text = re.sub(rf"^({known})(?:\.\d+)?(?![\w=./\\-])", option, text)  # gaps.csv and out/run are files
    text = re.sub(rf"(?<![\w-])({known})=(?=[\w\"'(\[.-])", lambda found: option(found) + " ", text)
    return re.sub(rf"(?<![\w-])({known})=", option, text)


def _about(text: str, source: str) -> str:
    return text if not source or source in text else f"{source}: {text}"
