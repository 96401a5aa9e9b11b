"""Graphs in which direct and indirect paths agree, as far as is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sparsernn.errors import SpecError
from sparsernn.rules import at_least, holds, within
from sparsernn.rules import positive as above_zero
from sparsernn.topology.generators.base import AbstractGenerator, checked, edges_of, random_graph
from sparsernn.topology.nullmodels.randomness import stream
from sparsernn.topology.rewiring import Climb, begin, climb
from sparsernn.topology.signed_graph import SignedGraph


@dataclass(frozen=True)
class Balanced(AbstractGenerator):
    """A random signed graph whose edges have exchanged their targets until its balance is `eta`.

    It begins as an `ErdosRenyi` graph. In an exchange a -> b, c -> d become a -> d, c -> b, signs staying with their
    sources: all in- and out-degrees and signed out-degrees stay as they are, and no self-connection comes about. By
    default an exchange is taken if the balance of the whole graph does not fall; a start that stands still is given up
    for another graph, up to `starts` of them.

    Args:
        density: share of the ordered pairs of nodes that are edges.
        eta: the balance to reach; none: as much as is found in the proposals there are.
        measure: which balance: ``paper``, the mean over types of triads, in which a type of few loops weighs as much as
            one of many; ``pooled``, the share of all loops (`sparsernn.topology.balance.Balance`).
        positive: share of the edges that are positive.
        signed: keep signed in-degrees too: only edges of one sign exchange their targets.
        loops: share by which the number of feed-forward loops may leave that of the random graph, so that balance is
            not had by having no loops; none: however many.
        climb: what an exchange must gain: the balance of the ``whole`` graph; the ``ratio`` of balanced loops around
            its two edges; less of the ``energy`` sum |1 - x| over the two edges, x the share of balanced loops around
            each.
        temperature: the first one; an exchange that loses g is accepted with probability exp(-g / temperature).
            0: never.
        coldest: the last temperature.
        cooling: factor from one temperature to the next.
        proposals: exchanges proposed at each temperature; at temperature 0 in all, per edge (none: 10 and 2,000).
        starts: how many random graphs are tried.

    The paper's words (doi:10.1038/s42005-023-01364-0) are ``climb: energy`` with a temperature, the authors' code is
    ``climb: ratio, temperature: 100, loops: null, eta: null, starts: 1``: 342 temperatures of 10 proposals, of which
    the first 230 or so accept nearly all. Their code also makes self-connections; here there are none. They leave open
    what an edge without loops counts: here as one of which half are balanced.

    Cost: about 1 us a proposal; eta 0.9 among 150 nodes of density 0.05 takes 0.02 s. SpecError where `eta` was not
    reached, with the best that was.
    """

    density: float = 0.05
    eta: float | None = 0.9
    measure: Literal["paper", "pooled"] = "paper"
    positive: float = 0.5
    signed: bool = False
    loops: float | None = 0.1
    climb: Literal["whole", "ratio", "energy"] = "whole"
    temperature: float = 0.0
    coldest: float = 0.1
    cooling: float = 0.98
    proposals: int | None = None
    starts: int = 5

    rules = (
        within("(0, 1]", "density"),
        within("[0, 1]", "eta"),
        within("[0, 1]", "positive"),
        at_least(0, "loops"),
        at_least(0, "temperature"),
        above_zero("coldest"),
        within("(0, 1)", "cooling"),
        at_least(1, "proposals"),
        at_least(1, "starts"),
        holds(
            lambda temperature, coldest: temperature == 0 or coldest <= temperature,
            "coldest must not be above temperature, got {coldest} and {temperature}",
        ),
    )

    def generate(self, nodes: int, seed: int = 0) -> SignedGraph:
        return self.path(nodes, seed, 1)[-1]

    def path(self, nodes: int, seed: int = 0, count: int = 25) -> list[SignedGraph]:
        """Graphs along the way, `count` of them, the random one first (of 1: the last alone), all of equal degrees.

        The way from the balance of one to `eta` is shared evenly among those to come; each is the first that is there.
        A few loops can be a large step, so that there may be fewer graphs than asked for. Without `eta` they lie as
        many proposals apart. SpecError as in `generate`.
        """
        checked(nodes, seed)
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise SpecError(f"a path has 1 graph or more, got {count!r}")
        edges, best, none = edges_of(nodes, self.density), -1.0, 0
        for start in range(self.starts):
            state = stream(seed, start)
            on = begin(random_graph(nodes, edges, self.positive, state))
            none += on.loops == 0
            found = self._rise(on, state, count) if self.eta is not None else self._wander(on, state, count)
            if found is not None:
                return found
            best = max(best, on.eta(self.measure))
        if none == self.starts:
            raise SpecError(
                f"no random graph of {nodes} nodes and {edges:,} edges has a feed-forward loop, and without one there "
                "is no balance; take more nodes or a higher density"
            )
        tried = "start" if self.starts == 1 else f"of {self.starts} starts"
        raise SpecError(
            f"eta {self.eta:g} ({self.measure}) was not reached among {nodes} nodes and {edges:,} edges: the best "
            f"{tried} has {best:.3f}; ask for less, more starts or proposals, or let the number of loops change more "
            f"(loops: {self.loops})"
        )

    def _rise(self, on: Climb, state: np.ndarray, count: int) -> list[SignedGraph] | None:
        """The graphs, None if the balance is not reached; `on` is then as far as it came."""
        assert self.eta is not None
        bounds, levels = self._bounds(on), self._levels(len(on.source))
        if count > 1 and on.eta(self.measure) >= self.eta:
            return None
        left, temperature = next(levels)
        found = [on.graph()] if count > 1 else []
        while True:
            now = on.eta(self.measure) if on.loops else -1.0
            if now >= self.eta:
                return found or [on.graph()]
            last = len(found) >= count - 1
            goal = self.eta if last else now + (self.eta - now) / (count - len(found))
            while on.loops == 0 or on.eta(self.measure) < goal:
                left -= climb(on, left, state, self.measure, self.climb, temperature, goal, self.signed, bounds)
                if left <= 0 and (on.loops == 0 or on.eta(self.measure) < goal):
                    following = next(levels, None)
                    if following is None:
                        return None
                    left, temperature = following
            found.append(on.graph())

    def _wander(self, on: Climb, state: np.ndarray, count: int) -> list[SignedGraph]:
        bounds, levels = self._bounds(on), list(self._levels(len(on.source)))
        total = sum(proposals for proposals, _ in levels)
        places = [total] if count == 1 else [round(total * k / (count - 1)) for k in range(count)]
        found: list[SignedGraph] = []
        made = 0
        for proposals, temperature in levels:
            end = made + proposals
            while True:
                stop = min(end, places[len(found)]) if len(found) < count else end
                climb(on, stop - made, state, self.measure, self.climb, temperature, np.inf, self.signed, bounds)
                made = stop
                if len(found) < count and made == places[len(found)]:
                    found.append(on.graph())
                else:
                    break
        return found

    def _levels(self, edges: int) -> Iterator[tuple[int, float]]:
        """Proposals and the temperature at which they are made."""
        if self.temperature == 0:
            yield (2000 if self.proposals is None else self.proposals) * edges, 0.0
            return
        temperature = self.temperature
        while temperature >= self.coldest:
            yield 10 if self.proposals is None else self.proposals, temperature
            temperature *= self.cooling

    def _bounds(self, on: Climb) -> tuple[float, float]:
        if self.loops is None:
            return 0.0, np.inf
        return on.loops * (1 - self.loops), on.loops * (1 + self.loops)
