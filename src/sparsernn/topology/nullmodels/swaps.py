"""Edges exchange their targets within classes: every node keeps what it has of each sign, and its mutual pairs."""

from __future__ import annotations

import numpy as np

from sparsernn.compiled import compiled
from sparsernn.topology.nullmodels.pairs import both, drop, has, put
from sparsernn.topology.nullmodels.randomness import below, high, low, word


@compiled
def resort(singles, source, target, negative):
    """Bring the positive ones of the first `singles` edges to the front; returns how many there are."""
    left, right = 0, singles - 1
    while left <= right:
        if negative[left] == 0:
            left += 1
        else:
            source[left], source[right] = source[right], source[left]
            target[left], target[right] = target[right], target[left]
            negative[left], negative[right] = negative[right], negative[left]
            right -= 1
    return left


@compiled
def exchange(nodes, singles, positive, source, target, negative, store, bits, proposals, state):
    """`proposals` exchanges in place, rejected ones counted; returns how many were made.

    Two random edges of one class (single +, single -, mutual pairs of equal signs): a -> b and c -> d become a -> d and
    c -> b, if neither pair of nodes is joined in any direction. Where b = c and a third one of the class leads from d
    to a, the ring of three is reversed. Every move is proposed as often as its reverse. A set of the joined pairs is in
    `store`.
    """
    edges, made = len(source), 0
    pairs = (edges - singles) // 2
    total = singles + pairs
    if total < 2:
        return 0
    for _ in range(proposals):
        drawn = word(state)
        e = high(drawn, total)
        if e < singles:
            first, size = (0, positive) if e < positive else (positive, singles - positive)
            f = first + low(drawn, size)
            a, b, c, d = source[e], target[e], source[f], target[f]
            if a == c or b == d:
                continue
            if b == c and a != d:
                g = first + below(state, size)
                if source[g] == d and target[g] == a:
                    source[e], target[e] = b, a
                    source[f], target[f] = d, b
                    source[g], target[g] = a, d
                    made += 1
                continue
            if a == d or b == c:
                continue
            ad, cb = both(nodes, a, d), both(nodes, c, b)
            if has(store, bits, ad) or has(store, bits, cb):
                continue
            drop(store, bits, both(nodes, a, b))
            drop(store, bits, both(nodes, c, d))
            put(store, bits, ad)
            put(store, bits, cb)
            target[e], target[f] = d, b
            made += 1
        else:
            e = singles + 2 * (e - singles)
            f = singles + 2 * low(drawn, pairs)
            turn = word(state)
            # edges out of a and c; those back stand beside them
            p = e + np.int64(turn & np.uint64(1))
            q = f + np.int64((turn >> np.uint64(1)) & np.uint64(1))
            back, return_ = 2 * e + 1 - p, 2 * f + 1 - q
            if negative[p] != negative[q] or negative[back] != negative[return_]:
                continue
            a, b, c, d = source[p], target[p], source[q], target[q]
            if a in (c, d) or b in (c, d):
                continue
            ad, cb = both(nodes, a, d), both(nodes, c, b)
            if has(store, bits, ad) or has(store, bits, cb):
                continue
            drop(store, bits, both(nodes, a, b))
            drop(store, bits, both(nodes, c, d))
            put(store, bits, ad)
            put(store, bits, cb)
            target[p], target[q] = d, b
            source[back], source[return_] = d, b  # their signs are equal: the pairs stay beside one another
            made += 1
    return made
