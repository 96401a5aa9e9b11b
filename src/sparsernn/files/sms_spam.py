"""The SMS Spam Collection: a message a line, its class before it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sparsernn.errors import DataError
from sparsernn.files.text import read_text

CLASSES = ("ham", "spam")


class Message(NamedTuple):
    """A message as it was sent, and its class: 0 (ham) or 1 (spam)."""

    text: str
    spam: int


def read_messages(path: str | Path) -> list[Message]:
    """All messages of a file with lines ``ham<TAB>text`` and ``spam<TAB>text``, in their order.

    Quotes mean nothing: they stand unbalanced in the collection. DataError for anything else, with the line.
    """
    lines = read_text(path).split("\n")
    if not lines[-1]:
        lines.pop()
    messages = []
    for number, line in enumerate(lines, 1):
        name, tab, text = line.removesuffix("\r").partition("\t")
        if not tab or name not in CLASSES:
            raise DataError(
                f'{path}, line {number:,}: expected ham or spam, a tab and the message, got "{line[:40]}"; take the '
                "file SMSSpamCollection as it is published"
            )
        messages.append(Message(text, CLASSES.index(name)))
    if not messages:
        raise DataError(f"{path} holds no messages")
    return messages
