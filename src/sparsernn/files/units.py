"""Units in the names of columns."""

from __future__ import annotations

import re

PREFIX = r"(?:da|[yzafpnuµμmcdhkMGTPEZY])?"
SYMBOL = (
    r"(?:s|m|g|A|V|K|Hz|N|Pa|J|W|C|F|S|T|Wb|H|l|L|mol|M|rad|sr|bar|eV|Ohm|ohm|Ω|Ω|lx|lm|Bq|Gy|Sv|B|px|cd|"
    r"°C|°F|°|deg|degrees?|%|bpm|rpm|min|h|hr|hrs|d|day|days|yr|years?|sec|seconds?|msec|volts?|ppm|ppb|au|a\.u\.|"
    r"arb\. ?units?|counts?|in|ft|mmHg|dBm?|cycles?|steps?|units?|1)"
)
TERM = rf"{PREFIX}{SYMBOL}(?:\^?[-−]?\d|[²³])?"
UNIT = re.compile(rf"{TERM}(?:\s?[/*·.\s]\s?{TERM})*")
TITLE = re.compile(r"(?P<name>.*?)\s*(?:\[(?P<square>[^\[\]]{1,20})\]|\((?P<round>[^()]{1,20})\))\s*")


def unit_of(title: str) -> str:
    """The unit in a column's title: ``mV`` of ``V [mV]`` and ``V (mV)``, "" where there is none.

    Square brackets hold a unit whatever it is, unless a number; round ones only a known one: ``x(t-11)`` has none.
    """
    found = TITLE.fullmatch(title)
    if found is None or not found["name"]:
        return ""
    if found["square"] is not None:
        text = found["square"].strip()
        return text if re.search(r"[^\W\d]|[%°]", text) and not text.startswith("/") else ""
    text = found["round"].strip()
    return text if UNIT.fullmatch(text) else ""


def bare(title: str) -> str:
    """A column's title without its unit."""
    return TITLE.fullmatch(title)["name"] if unit_of(title) else title  # type: ignore[index]


def with_unit(name: str, unit: str) -> str:
    """A name with its unit behind it, ``V [mV]``; the name alone where there is none, or where it has one already."""
    return f"{name} [{unit}]" if unit and not unit_of(name) else name
