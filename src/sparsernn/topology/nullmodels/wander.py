"""A walk for graphs of few nodes, in which exchanges of two edges cannot reach all there is."""

from __future__ import annotations

import numpy as np

from sparsernn.compiled import compiled
from sparsernn.topology.nullmodels.randomness import below, word

FEW = 6
"""Nodes up to which it is taken."""
COLD = 1.0
LONGEST = 1_000_000


@compiled
def wander(signs, visits, state):
    """Walk on a matrix of signs (N, N) int8, in place, until it has been `visits` steps where it may be.

    A step exchanges two cells of a row (the diagonal left out), which leaves what goes out of every node as it is. What
    comes in and how many mutual partners there are may differ from the beginning by some amount in all, which is taken
    as an energy at temperature `COLD`. Steps count where the energy is 0: of the states there every one is equally
    likely, and all can be reached. A walk that is lost (`LONGEST` steps) goes back to where it was right last. Returns
    how many steps were made.
    """
    n = len(signs)
    if n < 3:
        return 0
    right = signs.copy()
    # what each node should receive of + and -, and its mutual partners, minus what it has
    off = np.zeros((3, n), np.int64)
    chance = np.exp(-np.arange(40) / COLD)
    energy = counted = taken = 0
    while counted < visits and taken < LONGEST:
        taken += 1
        a, b, d = below(state, n), below(state, n), below(state, n)
        if a != b and a != d and b != d and signs[a, b] != signs[a, d]:
            change = -_around(off, a, b, d)
            _exchange(signs, off, a, b, d)
            change += _around(off, a, b, d)
            if change > 0 and np.float64(word(state) >> np.uint64(11)) * 2.0**-53 >= chance[min(change, 39)]:
                _exchange(signs, off, a, b, d)
            else:
                energy += change
        if energy == 0:
            counted += 1
            right[:] = signs
    if energy != 0:
        signs[:] = right
    return taken


@compiled
def _around(off, a, b, d):
    found = abs(off[2, a])
    for k in range(3):
        found += abs(off[k, b]) + abs(off[k, d])
    return found


@compiled
def _exchange(signs, off, a, b, d):
    x, y = signs[a, b], signs[a, d]
    for column, old, new in ((b, x, y), (d, y, x)):
        if old != 0:
            off[0 if old > 0 else 1, column] -= 1
        if new != 0:
            off[0 if new > 0 else 1, column] += 1
        if signs[column, a] != 0:
            gained = np.int64(new != 0) - np.int64(old != 0)
            off[2, a] += gained
            off[2, column] += gained
    signs[a, b], signs[a, d] = y, x
