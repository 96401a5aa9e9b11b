"""Null models: random graphs that share stated properties with a given one."""

from __future__ import annotations

from importlib import import_module

from sparsernn.errors import SpecError, nearest

NULLS = {
    "signed": "signed:Signed",
    "fanmod": "fanmod:Fanmod",
    "sign_shuffle": "sign_shuffle:SignShuffle",
    "stp": "stp:STP",
    "er": "er_signed:ER",
}
DEFAULT = "signed"


def null_named(name: str) -> type:
    """The class of a null, a subclass of `base.AbstractNull`. SpecError for a name that is none."""
    if name not in NULLS:
        raise SpecError(f'no null model "{name}"{nearest(name, NULLS)}')
    module, found = NULLS[name].split(":")
    return getattr(import_module(f"{__name__}.{module}"), found)
