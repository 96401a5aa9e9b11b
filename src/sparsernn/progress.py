"""How long work tells of how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called as ``progress(what, done, of)``: what is being done in words, and how much of it is done of how much."""
