"""Trials by their times, places and strengths, drawn for any mixture of rules at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from sparsernn.tasks.cognitive.entries import RULES
from sparsernn.tasks.cognitive.rule import steps

PLACES = ("anywhere", "apart", "same or not", "categories")
ANSWERS = ("there", "opposite", "stronger", "if matching", "if not matching")
CATEGORIES = 10
BEFORE = 16
"""Uniform numbers that a trial needs beside one an epoch."""


class Trials(NamedTuple):
    """B trials. Times are in steps, places and answers in radians, [0, 2 pi).

    Args:
        rule: (B,) the place of each one's rule among all rules.
        edges: (B, epochs + 1) where epochs begin and end; of a rule with fewer epochs the last one repeats.
        on, off: (B, 2) when the two stimuli are shown; equal for one that is not.
        places: (B, 2) where.
        strengths: (B, 2, 2) how strongly, [stimulus, ring]; 0 where it is not shown.
        go: (B,) when the answer is due.
        release: (B,) when the fixation input goes off.
        end: (B,) the number of steps.
        responds: (B,) whether there is an answer; else fixation is to be held to the end.
        answer: (B,) its direction; 0 where there is none.
    """

    rule: Any
    edges: Any
    on: Any
    off: Any
    places: Any
    strengths: Any
    go: Any
    release: Any
    end: Any
    responds: Any
    answer: Any


class Tables(NamedTuple):
    """The entries as arrays, a row a rule, so that trials of several rules are drawn without a branch."""

    durations: np.ndarray
    durations_count: np.ndarray
    on: np.ndarray
    off: np.ndarray
    go: np.ndarray
    release: np.ndarray
    places: np.ndarray
    answers: np.ndarray
    contrasts: np.ndarray
    contrasts_count: np.ndarray
    shown: np.ndarray
    either: np.ndarray
    attended: np.ndarray
    divided: np.ndarray


@lru_cache(maxsize=8)
def tables(dt: int) -> Tables:
    """Return all rules at a time step of `dt` ms as arrays."""
    rules = list(RULES.values())
    most = max(len(rule.epochs) for rule in rules)
    lasts = [[steps(d, dt) for d in r.epochs.values()] + [np.zeros(1, int)] * (most - len(r.epochs)) for r in rules]
    flat, counts = _padded([d for row in lasts for d in row])
    contrasts, contrasts_count = _padded([np.array(r.contrasts or (0.0,)) for r in rules])
    both = [(r.first, r.second or r.first) for r in rules]
    at = [list(r.epochs).index for r in rules]
    on = np.array([[find(s.begin) for s in pair] for find, pair in zip(at, both, strict=True)])
    off = np.array([[find(s.end) + 1 for s in pair] for find, pair in zip(at, both, strict=True)])
    one = np.array([r.second is None for r in rules])
    off[one, 1] = on[one, 1]
    go = np.array([len(r.epochs) - 1 for r in rules])
    return Tables(
        flat.reshape(len(rules), most, -1),
        counts.reshape(len(rules), most),
        on,
        off,
        go,
        np.where([r.released for r in rules], go, go + 1),
        np.array([PLACES.index(r.places) for r in rules]),
        np.array([ANSWERS.index(r.answer) for r in rules]),
        contrasts,
        contrasts_count,
        np.array([[r.ring in ("1", "both"), r.ring in ("2", "both")] for r in rules]),
        np.array([r.ring == "either" for r in rules]),
        np.array([[1 in r.attended, 2 in r.attended] for r in rules]),
        np.array([len(r.attended) == 2 for r in rules]),
    )


def _padded(lists: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Rows of equal length, and how much of each is meant."""
    counts = np.array([len(row) for row in lists])
    filled = np.zeros((len(lists), counts.max()), lists[0].dtype)
    for row, values in zip(filled, lists, strict=True):
        row[: len(values)] = values
    return filled, counts


def uniforms(dt: int) -> int:
    """Return how many uniform numbers a trial is made of."""
    return BEFORE + tables(dt).durations.shape[1]


def draw(rule: Any, u: Any, dt: int, xp: Any = np) -> Trials:
    """Return trials of the given rules.

    It is a pure function; with ``xp=jax.numpy`` it can be traced.

    Args:
        rule: (B,) places among all rules.
        u: (B, `uniforms`) numbers uniform in [0, 1).
        dt: the time step in ms.
        xp: the array library.
    """
    t = Tables(*(xp.asarray(a)[rule] for a in tables(dt)))
    rows = xp.arange(len(rule))[:, None]
    sign = lambda column: xp.where(u[:, column] < 0.5, -1.0, 1.0)
    which = lambda uniform, count: xp.minimum((uniform * count).astype(int), count - 1)

    lasts = t.durations[rows, xp.arange(t.durations.shape[1]), which(u[:, BEFORE:], t.durations_count)]
    edges = xp.concatenate([xp.zeros_like(lasts[:, :1]), xp.cumsum(lasts, axis=1)], axis=1)
    at = lambda edge: edges[rows, edge.reshape(len(rule), -1)]

    tenth = lambda column: (1 + 2 * which(u[:, column], CATEGORIES)) * (np.pi / CATEGORIES)
    kind = t.places
    first = xp.where(kind == PLACES.index("categories"), tenth(0), 2 * np.pi * u[:, 0])
    same = u[:, 3] < 0.5
    away = xp.where(kind == PLACES.index("apart"), np.pi / 2 + np.pi * u[:, 1], np.pi / 9 + 16 * np.pi / 9 * u[:, 1])
    moved = xp.where((kind == PLACES.index("same or not")) & same, first, first + sign(2) * away)
    second = xp.where(kind == PLACES.index("categories"), tenth(1), moved)
    second = xp.where(kind == PLACES.index("anywhere"), first, second % (2 * np.pi))
    places = xp.stack([first, second], axis=1)
    strengths = _strengths(t, u, sign, which, xp)
    responds, answer = answers(rule, places, strengths, dt, xp)
    return Trials(
        rule,
        edges,
        at(t.on),
        at(t.off),
        places,
        strengths,
        at(t.go)[:, 0],
        at(t.release)[:, 0],
        edges[:, -1],
        responds,
        answer,
    )


def answers(rule: Any, places: Any, strengths: Any, dt: int, xp: Any = np) -> tuple[Any, Any]:
    """Return whether there is an answer, (B,), and its direction (0 if there is none).

    Args:
        rule, places, strengths: as in `Trials`.
        dt: the time step in ms.
        xp: the array library.
    """
    t = Tables(*(xp.asarray(a)[rule] for a in tables(dt)))
    first, second = places[:, 0], places[:, 1]
    alike = (first < np.pi) == (second < np.pi)
    matching = xp.where(t.places == PLACES.index("categories"), alike, first == second)
    weighed = (strengths * t.attended[:, None, :]).sum(axis=2)
    stronger = xp.where(weighed[:, 1] > weighed[:, 0], second, first)
    found = xp.stack([first, (first + np.pi) % (2 * np.pi), stronger, second, second], axis=1)
    always = matching | ~matching
    due = xp.stack([always, always, always, matching, ~matching], axis=1)
    rows = xp.arange(len(rule))
    responds = due[rows, t.answers]
    return responds, xp.where(responds, found[rows, t.answers], 0.0)


def _strengths(t: Tables, u: Any, sign: Any, which: Any, xp: Any) -> Any:
    """(B, 2, 2), [stimulus, ring]."""
    level, tilt = [], []
    for mean, stronger, by in ((4, 5, 6), (7, 8, 9)):  # columns of ring 1 and of ring 2
        contrast = t.contrasts[xp.arange(len(u)), which(u[:, by], t.contrasts_count)]
        level.append(0.8 + 0.4 * u[:, mean])
        tilt.append(sign(stronger) * contrast)
    graded = xp.stack(
        [xp.stack([m + c, m - c], axis=1) for m, c in zip(level, tilt, strict=True)], axis=2
    )  # [trial, stimulus, ring]
    share = xp.stack([sign(11) * (0.2 + 0.6 * u[:, 10]), sign(13) * (0.2 + 0.6 * u[:, 12])], axis=1) / 2
    divided = graded[:, :, :1] * xp.stack([1 + share, 1 - share], axis=2)
    ring = xp.stack([u[:, 14] < 0.5, u[:, 15] < 0.5], axis=1)
    single = xp.stack([ring, ~ring], axis=2)
    made = xp.where(t.divided[:, None, None], divided, graded) * t.shown[:, None, :]
    made = xp.where(t.either[:, None, None], single * 1.0, made)
    return xp.where((t.off > t.on)[:, :, None], made, 0.0)
