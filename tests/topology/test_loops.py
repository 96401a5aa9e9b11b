import itertools

import networkx as nx
import numpy as np
import pytest

from sparsernn.topology import loops
from sparsernn.topology.balance import INSIDE, TYPES, balance, triads
from sparsernn.topology.motifs import BALANCED, SIGNS, everywhere, motifs
from sparsernn.topology.signed_graph import graph_of

ANY_CONNECTED = ("021D", "021U", "021C", "111D", "111U", "030C", "201", *TYPES)


def by_hand(signs):
    """All feed-forward loops one by one: (motifs of 030T, loops anywhere, balanced and unbalanced by type)."""
    n = len(signs)
    induced, anywhere = dict.fromkeys(SIGNS, 0), dict.fromkeys(SIGNS, 0)
    balanced, unbalanced = dict.fromkeys(TYPES, 0), dict.fromkeys(TYPES, 0)
    for i, j, k in itertools.permutations(range(n), 3):
        if signs[i, j] and signs[j, k] and signs[i, k]:
            name = "".join("+" if s > 0 else "-" for s in (signs[i, j], signs[j, k], signs[i, k]))
            back = (signs[j, i] != 0, signs[k, j] != 0, signs[k, i] != 0)
            kind = {(0, 0, 0): "030T", (0, 1, 0): "120D", (1, 0, 0): "120U", (0, 0, 1): "120C", (1, 1, 1): "300"}
            kind = kind.get(tuple(map(int, back)), "210")
            anywhere[name] += 1
            induced[name] += kind == "030T"
            even = signs[i, j] * signs[j, k] == signs[i, k]
            (balanced if even else unbalanced)[kind] += 1
    return list(induced.values()), list(anywhere.values()), list(balanced.values()), list(unbalanced.values())


def random_signs(rng, n, density=0.5):
    signs = rng.choice([-1, 1], (n, n)) * (rng.random((n, n)) < density)
    np.fill_diagonal(signs, 0)
    return signs


def agree(signs):
    graph = graph_of(signs).signed
    paths, bits = loops.by_wedges(graph), loops.by_bits(graph)
    np.testing.assert_array_equal(paths, bits)
    induced, anywhere, balanced, unbalanced = by_hand(signs)
    assert motifs(paths).tolist() == induced
    assert everywhere(paths).tolist() == anywhere
    found = triads(paths)
    assert found.balanced.tolist() == balanced
    assert found.unbalanced.tolist() == unbalanced
    return paths


def test_all_signed_graphs_of_three_nodes():
    cells = [(i, j) for i in range(3) for j in range(3) if i != j]
    for values in itertools.product((-1, 0, 1), repeat=6):
        signs = np.zeros((3, 3), int)
        for cell, value in zip(cells, values, strict=True):
            signs[cell] = value
        agree(signs)


def test_random_graphs_and_the_census_of_networkx():
    rng = np.random.default_rng(0)
    for _ in range(60):
        n = int(rng.integers(1, 13))
        signs = random_signs(rng, n, rng.random())
        counts = agree(signs)
        if n < 3:
            continue
        census = nx.triadic_census(nx.from_numpy_array(np.abs(signs), create_using=nx.DiGraph))
        assert triads(counts).triads.tolist() == [census[t] for t in TYPES]
        assert counts[64] == census["030C"]
        assert counts[65] == sum(census[t] for t in set(ANY_CONNECTED)), "connected sets of three"
        assert counts[66] == np.count_nonzero((signs != 0) & (signs.T != 0)) // 2


def test_the_census_of_igraph():
    igraph = pytest.importorskip("igraph")
    signs = random_signs(np.random.default_rng(1), 90, 0.15)
    census = igraph.Graph.Adjacency((signs != 0).tolist()).triad_census()
    found = triads(loops.raw(graph_of(signs).signed)).triads
    assert found.tolist() == [getattr(census, f"t{t}") for t in TYPES]


def test_a_single_loop_of_each_kind_is_balanced_or_not():
    for name in SIGNS:
        a, b, c = (1 if s == "+" else -1 for s in name)
        counts = loops.raw(graph_of(np.array([[0, a, c], [0, 0, b], [0, 0, 0]])).signed)
        assert motifs(counts)[SIGNS.index(name)] == 1
        assert triads(counts).balanced.sum() == (name in BALANCED)
    assert set(BALANCED) == {"+++", "+--", "-+-", "--+"}


def test_eta_as_the_paper_has_it_leaves_out_types_without_a_balanced_loop():
    one = np.zeros((10, 10))
    one[0, 1] = one[1, 2] = one[0, 2] = 1  # 030T, balanced
    one[3, 4] = one[4, 5] = 1
    one[3, 5] = -1  # 030T, unbalanced
    one[6, 7] = one[7, 8] = one[8, 7] = 1
    one[6, 8] = -1  # 120D, both unbalanced
    found = balance(triads(loops.raw(graph_of(one).signed)))
    assert found.paper == 0.5
    assert found.pooled == 0.25
    assert found.all_types == 0.25
    assert np.isnan(balance(triads(loops.raw(graph_of(np.eye(3)).signed))).pooled)


def test_balance_does_not_depend_on_the_sign_of_units_but_motifs_do():
    rng = np.random.default_rng(2)
    signs, units = random_signs(rng, 40, 0.2), rng.choice([-1, 1], 40)
    one, other = (loops.raw(graph_of(s).signed) for s in (signs, units[:, None] * signs * units))
    assert (triads(one).balanced == triads(other).balanced).all()
    assert (motifs(one) != motifs(other)).any()


def test_transposed_120u_and_120d_change_places():
    signs = random_signs(np.random.default_rng(3), 40, 0.2)
    one, other = (triads(loops.raw(graph_of(s).signed)).triads for s in (signs, signs.T))
    order = [TYPES.index(t) for t in ("030T", "120U", "120D", "120C", "210", "300")]
    assert other.tolist() == one[order].tolist()
    assert all(INSIDE[t] > 0 for t in TYPES)
