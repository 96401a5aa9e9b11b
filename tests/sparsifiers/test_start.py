"""Counts on paper; positions uniformly random."""

import jax
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.masks import Prunable
from sparsernn.sparsifiers.start import ErdosRenyi, Uniform

RNN = Prunable("cell0/recurrent", "recurrent", 1, 20, 20)
READOUT = Prunable("readout", "readout", 1, 3, 8)


def test_uniform_counts_round_half_to_even():
    assert Uniform().counts((RNN, READOUT), 0.1) == {"cell0/recurrent": 40, "readout": 2}
    assert Uniform().counts((Prunable("a", "input", 1, 5, 5),), 0.5) == {"a": 12}  # 12.5


def test_erdos_renyi_gives_the_densities_of_a_published_language_model():
    # a stacked LSTM language model at .33 (arXiv 2101.09048): .3151 embedding and read-out, .3425 recurrent and input
    tables = tuple(Prunable(name, "embedding", 1, 10_000, 1500) for name in ("embedding", "readout"))
    gates = tuple(Prunable(f"g{i}", "recurrent", 4, 1500, 1500) for i in range(4))
    counts = ErdosRenyi().counts(tables + gates, 0.33)
    assert counts["embedding"] / 15e6 == pytest.approx(0.3151, abs=1e-4)
    assert counts["g0"] / 9e6 == pytest.approx(0.3425, abs=1e-4)
    assert sum(counts.values()) == round(0.33 * 66_000_000)


@pytest.mark.parametrize("density", [0.02, 0.05, 0.1, 0.37, 0.8, 0.999, 1.0])
def test_erdos_renyi_total_is_exact_and_nothing_is_overfull(density):
    prunables = (RNN, READOUT, Prunable("lstm", "recurrent", 4, 8, 8), Prunable("in", "input", 1, 20, 2))
    counts = ErdosRenyi().counts(prunables, density)
    total = sum(p.size for p in prunables)
    assert sum(counts.values()) == round(density * total)
    assert all(1 <= counts[p.path] <= p.size for p in prunables)


def test_erdos_renyi_caps_a_small_matrix_and_gives_the_rest_to_the_others():
    # units 22 and 40 share 0.8 * 440 = 352: the first would get 124.9 of its 40 entries
    counts = ErdosRenyi().counts((Prunable("in", "input", 1, 20, 2), RNN), 0.8)
    assert counts == {"in": 40, "cell0/recurrent": 312}


@pytest.mark.parametrize("start", [Uniform(), ErdosRenyi()])
def test_masks_have_the_counts_and_differ_between_matrices_and_keys(start):
    twins = (RNN, RNN._replace(path="cell1/recurrent"))
    masks = start.masks(jax.random.key(0), twins, 0.1)
    counts = start.counts(twins, 0.1)
    assert {path: int(mask.sum()) for path, mask in masks.items()} == counts
    assert (masks["cell0/recurrent"] != masks["cell1/recurrent"]).any()
    other = start.masks(jax.random.key(1), twins, 0.1)
    assert (masks["cell0/recurrent"] != other["cell0/recurrent"]).any()


def test_positions_are_uniform():
    # each of 24 entries is on with probability 1/4: over 400 masks, 100 +- 8.7; 5 sd is 43
    on = sum(np.asarray(Uniform().masks(jax.random.key(i), (READOUT,), 0.25)["readout"], int) for i in range(400))
    assert on.sum() == 400 * 6
    assert abs(on - 100).max() < 43


@pytest.mark.parametrize("start", [Uniform(), ErdosRenyi()])
@pytest.mark.parametrize("density", [0.001, 0.0, -0.5, 1.01])
def test_unreachable_density(start, density):
    with pytest.raises(SpecError, match="density"):
        start.counts((RNN, READOUT), density)
