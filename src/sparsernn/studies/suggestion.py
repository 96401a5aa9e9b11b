"""The command to try on a recording that was looked at, with what mends the oddities that an option mends."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import numpy as np

from sparsernn.dynamics.oddities.base import Oddity
from sparsernn.studies.cost import suggested
from sparsernn.studies.defaults import NOISY, SEQUENCES
from sparsernn.studies.looked import Look

SLOW, ROWS_A_TURN, LEAST_ROWS = 300, 100, 3_000
"""Rows of a rhythm from which on fewer rows a turn are advised,
how many, and how many rows must be left."""


def command(
    looked: Look,
    odd: Sequence[Oddity],
    moving: Sequence[int],
    files: Sequence[str],
    given: Sequence[str],
    prepared: bool = False,
) -> tuple[str, str]:
    """The line to try, with what mends the oddities that an option mends, and how long it will take. `prepared`:
    `reconstruct` knows how to filter and thin such a recording, and it is left to it."""
    series, options = looked.series, list(given)
    chosen: dict[str, str] = {}
    for oddity in odd:
        for name, value in oddity.options:
            if name == "--detrend" and name in chosen:
                value = str(min(int(value), int(chosen[name])))
            if name in ("--smooth", "--sequence") and name in chosen:
                value = str((max if name == "--smooth" else min)(int(value), int(chosen[name])))
            chosen[name] = value
    leave = {o.column for o in odd if o.code == "duplicates"} | (set(range(len(series.names))) - set(moving))
    kept = [i for i in range(len(series.names)) if i not in leave]
    if len(kept) < len(series.names) and kept and "--columns" not in options:
        options += ["--columns", columns_text([series.names[i] for i in kept])]
    known = [n for i, n in enumerate(looked.noise) if n is not None and i in kept]
    wandering = any(o.code == "nonstationary" and not o.options for o in odd)  # smoothing mends no random walk
    hopeless = wandering or {"noise_only", "too_short"} & {o.code for o in odd}
    if known and float(np.median(known)) > NOISY and not hopeless and not prepared:
        chosen.setdefault("--smooth", "1")
    turn = looked.period or looked.half_period or 0.0
    every = int(turn / ROWS_A_TURN)
    moved = {"nonstationary", "too_short", "noise_only"} & {o.code for o in odd}
    if looked.period and turn > SLOW and not moved and not prepared and len(series.values) // every >= LEAST_ROWS:
        chosen.setdefault("--every", str(every))
    if prepared:
        chosen = {name: value for name, value in chosen.items() if name not in ("--detrend", "--smooth", "--every")}
    chosen |= _short(looked, kept, chosen)
    for name, value in chosen.items():
        if name not in options:
            options += [name, value] if value else [name]
    line = shlex.join(["sparsernn", "reconstruct", *files, *options, "--out", "my-run"])
    seen = len(kept) if len(kept) > 1 or looked.lags is None else len(looked.lags)
    sequence = int(np.clip(looked.period or 0, *SEQUENCES))
    takes = suggested(looked.split[1] // int(chosen.get("--every", 1)), seen, chosen, sequence)
    return line, " ".join(takes)


def _short(looked: Look, kept: Sequence[int], chosen: dict[str, str]) -> dict[str, str]:
    """Lags and sequence that so few rows leave room for."""
    fewest = min(looked.split) // int(chosen.get("--every", 1))
    out: dict[str, str] = {}
    if len(kept) == 1 and looked.lags is None:
        out["--lags"] = "0,1" if fewest >= 6 else "0"
        fewest -= 1
    elif len(kept) == 1 and looked.lags is not None:
        longest_lag = max(looked.lags)
        if fewest - longest_lag < 12:
            out["--lags"] = "0,1"
            longest_lag = 1
        fewest -= longest_lag
    if fewest < int(chosen.get("--sequence", SEQUENCES[0])) + 2:
        out["--sequence"] = str(max(1, min(fewest - 2, max(fewest // 2, 1))))
    return out


def columns_text(names: Sequence[str]) -> str:
    """Names as --columns takes them: by comma, quoted where they hold one."""
    return ",".join(f'"{n.replace(chr(34), 2 * chr(34))}"' if "," in n or '"' in n else n for n in names)
