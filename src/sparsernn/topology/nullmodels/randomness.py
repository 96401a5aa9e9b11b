"""Random integers inside compiled loops: a stream of its own for every null, whatever thread draws it."""

from __future__ import annotations

import numpy as np

from sparsernn.compiled import compiled

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def stream(seed: int, index: int) -> np.ndarray:
    """Return the state of stream `index` under `seed`, (1,) uint64: NumPy's seed sequence of both."""
    return np.random.SeedSequence([seed, index]).generate_state(1, np.uint64)


@compiled
def word(state):
    """Return the next 64 random bits (SplitMix64, Steele et al. 2014, doi:10.1145/2714064.2660195)."""
    state[0] += GOLDEN
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * FIRST
    z = (z ^ (z >> np.uint64(27))) * SECOND
    return z ^ (z >> np.uint64(31))


@compiled
def high(bits, bound):
    """A number below `bound` (< 2^32) from the upper half of 64 bits, uniform within bound / 2^32."""
    return np.int64(((bits >> np.uint64(32)) * np.uint64(bound)) >> np.uint64(32))


@compiled
def low(bits, bound):
    """The same from the lower half."""
    return np.int64(((bits & np.uint64(0xFFFFFFFF)) * np.uint64(bound)) >> np.uint64(32))


@compiled
def below(state, bound):
    """Return a random number below `bound`."""
    return high(word(state), bound)
