"""What all generators promise, and what each is for."""

import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.registry import registry_of
from sparsernn.spec import build, plain
from sparsernn.topology import loops
from sparsernn.topology.balance import balance, triads
from sparsernn.topology.generators import GENERATORS
from sparsernn.topology.generators.balanced import Balanced
from sparsernn.topology.generators.base import AbstractGenerator
from sparsernn.topology.generators.erdos_renyi import ErdosRenyi
from sparsernn.topology.generators.preferential import Preferential
from sparsernn.topology.generators.tangent_motifs import TangentMotifs
from sparsernn.topology.rewiring import begin
from sparsernn.topology.tangent import Loop, tangent_loops


def eta(graph):
    return balance(triads(loops.raw(graph)))


@pytest.mark.parametrize("name", GENERATORS)
def test_every_generator(name):
    made = registry_of("generator").resolve(name)()
    assert build(AbstractGenerator, plain(made)) == made
    graph, again, other = made.generate(60, 1), made.generate(60, 1), made.generate(60, 2)
    assert (graph.dense() == again.dense()).all()
    assert (graph.dense() != other.dense()).any()
    assert not np.diagonal(graph.dense()).any()
    assert np.count_nonzero(graph.dense()) == graph.edges
    key = graph.source * 60 + graph.target
    assert (np.diff(key) > 0).all(), "sorted by source, then target"
    if name != "tangent_motifs":
        assert graph.edges == round(0.05 * 60 * 59)
        assert graph.edges - graph.negative.sum() == round(0.5 * graph.edges)
    for nodes, seed, said in ((0, 0, "nodes must"), (60, -1, "seed must"), (1, 0, "nodes must"), (True, 0, "nodes")):
        with pytest.raises(SpecError, match=said):
            made.generate(nodes, seed)
    for fields in ({"density": 1.5}, {"density": 0}, {"positive": 2}):
        with pytest.raises(SpecError, match="must lie in"):
            build(AbstractGenerator, {name: fields})
    with pytest.raises(SpecError, match=r"no edge|need 3 nodes|no balance"):
        registry_of("generator").resolve(name)(density=1e-6).generate(60)


def test_full_graphs():
    for made in (ErdosRenyi(1.0), Preferential(1.0, offset=0.1)):
        assert made.generate(12).edges == 132


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"measure": "pooled", "eta": 0.95},
        {"signed": True},
        {"climb": "ratio"},
        {"climb": "energy", "temperature": 0.5, "coldest": 0.01, "proposals": 1000},
    ],
)
def test_balance_is_reached(fields):
    made = Balanced(**fields)
    graph, first = made.generate(100, 0), made.path(100, 0, 5)[0]
    assert getattr(eta(graph), made.measure) >= made.eta > getattr(eta(first), made.measure)
    random, now = begin(first), begin(graph)
    assert abs(now.loops / random.loops - 1) <= 0.1
    assert (random.first == now.first).all(), "out-degrees"
    assert (random.came == now.came).all(), "in-degrees"


def test_the_way_to_balance():
    path = Balanced(measure="pooled").path(100, 0, 7)
    shares = [float(eta(graph).pooled) for graph in path]
    assert len(path) == 7
    assert shares == sorted(set(shares))
    assert shares[-1] >= 0.9
    assert np.diff(shares).max() < 0.15, "even steps"
    assert len({np.bincount(g.source, minlength=100).tobytes() for g in path}) == 1


def test_the_schedule_of_the_code():
    made = Balanced(climb="ratio", temperature=100, loops=None, eta=None, starts=1)
    levels = list(made._levels(500))
    assert len(levels) == 342
    assert sum(n for n, _ in levels) == 3420
    path = made.path(60, 0, 5)
    assert len(path) == 5
    assert (path[-1].dense() == made.generate(60, 0).dense()).all()


def test_what_cannot_be_reached_is_refused():
    with pytest.raises(SpecError, match=r"eta 1 \(paper\) was not reached among 10 nodes and 81 edges: the best of 2"):
        Balanced(density=0.9, eta=1.0, starts=2, proposals=50).generate(10)
    with pytest.raises(SpecError, match="no random graph of 6 nodes"):
        Balanced(density=0.1).generate(6)
    with pytest.raises(SpecError, match="coldest must not be above temperature"):
        Balanced(temperature=0.01)


def test_hubs_grow():
    spread = [np.bincount(Preferential(0.05, offset=o).generate(200).source, minlength=200).std() for o in (0.3, 30)]
    assert spread[0] > 2 * spread[1]


def test_tangent_motifs():
    graph = TangentMotifs(motifs=15).generate(150, 3)
    found = tangent_loops(graph)
    assert len(found) == 15
    signs = graph.dense()
    own: list[int] = []
    for loop in found:
        assert all(signs[edge] for edge in loop.edges)
        degree = {n: np.count_nonzero(signs[n]) + np.count_nonzero(signs[:, n]) for n in loop}
        own += [n for n in loop if degree[n] == 2]
    assert len(set(own)) == 30
    assert len({n for loop in found for n in loop} - set(own)) == 15, "one core node each"
    core = np.setdiff1d(np.arange(150), own)
    assert abs(np.count_nonzero(signs[np.ix_(core, core)]) - 0.05 * 120 * 119) < 100
    roles = {[n in own for n in loop].index(False) for loop in found}
    assert roles == {0, 1, 2}
    with pytest.raises(SpecError, match="need 3 nodes each, 45 in all"):
        TangentMotifs().generate(44)


def test_tangent_loops_are_no_rings_and_no_pairs():
    from sparsernn.topology.signed_graph import graph_of

    signs = np.zeros((9, 9))
    for i, j in ((0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (5, 3), (6, 7), (7, 8), (6, 8), (8, 7), (2, 3)):
        signs[i, j] = 1
    assert tangent_loops(graph_of(signs).signed) == [Loop(0, 1, 2)]
