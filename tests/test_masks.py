import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsernn.errors import SpecError
from sparsernn.masks import Prunable, apply, chosen, dense, exact_count, nonzeros

RECURRENT = Prunable("cell0/recurrent", "recurrent", 4, 3, 3)
INPUT = Prunable("cell0/input", "input", 4, 3, 2)
DEEP = Prunable("cell1/recurrent", "recurrent", 1, 5, 5, 2)
READOUT = Prunable("readout/weights", "readout", 1, 2, 3)
ALL = (RECURRENT, INPUT, DEEP, READOUT)


def test_shape_and_size_of_a_prunable():
    assert (INPUT.shape, INPUT.size) == ((4, 3, 2), 24)


def test_apply_zeroes_what_the_mask_leaves_out_and_nothing_else():
    weights = {"cell0": {"recurrent": np.array([[1.0, -2], [3, np.inf]]), "bias": np.array([5.0])}}
    masked = apply(weights, {"cell0/recurrent": np.array([[True, False], [False, True]])})
    np.testing.assert_array_equal(masked["cell0"]["recurrent"], [[1, 0], [0, np.inf]])
    assert masked["cell0"]["bias"] is weights["cell0"]["bias"]
    assert weights["cell0"]["recurrent"][0, 1] == -2
    with pytest.raises(KeyError):
        apply(weights, {"cell0/input": np.ones(1, bool)})


def test_dense_masks_change_nothing():
    masks = dense(ALL)
    assert set(masks) == {p.path for p in ALL}
    assert all(masks[p.path].shape == p.shape and masks[p.path].dtype == bool for p in ALL)
    assert nonzeros(masks) == sum(p.size for p in ALL) == 36 + 24 + 25 + 6


def test_nonzeros_counts_over_all():
    assert nonzeros({"a": np.eye(3, dtype=bool), "b": jnp.zeros((2, 2), bool), "c": np.ones(4, bool)}) == 7
    assert nonzeros({}) == 0


def test_a_misspelled_place_among_others_is_refused():
    with pytest.raises(SpecError, match='did you mean "readout"'):
        chosen(ALL, ["recurrent", "readuot"])


def test_chosen_by_role_or_path_in_network_order():
    assert chosen(ALL, ["recurrent"]) == (RECURRENT, DEEP)
    assert chosen(ALL, ["readout", "cell0/input"]) == (INPUT, READOUT)
    assert chosen(iter(ALL), ("cell1/recurrent", "recurrent")) == (RECURRENT, DEEP)
    with pytest.raises(
        SpecError, match=r"where=\['embedding'\] names no matrix.*cell0/recurrent \(recurrent\), cell0/input"
    ):
        chosen(ALL, ["embedding"])


@pytest.mark.parametrize(
    ("density", "size", "count"),
    [(1.0, 2500, 2500), (0.05, 2500, 125), (0.5, 5, 2), (0.5, 7, 4), (0.1, 25, 2), (1e-3, 1000, 1), (0.0144, 2500, 36)],
)
def test_exact_counts(density, size, count):
    assert exact_count(density, size) == count


@pytest.mark.parametrize(("density", "size"), [(0.0, 100), (-0.1, 100), (1.1, 100), (0.004, 100), (float("nan"), 1)])
def test_densities_that_leave_nothing_or_are_none(density, size):
    with pytest.raises((SpecError, ValueError)):
        exact_count(density, size)


def test_an_empty_density_says_what_to_try():
    with pytest.raises(SpecError, match=r"density 0.004 .* 100 entries would leave 0 weights.*try 0.01 or more"):
        exact_count(0.004, 100)


@given(st.integers(1, 10_000), st.floats(1e-3, 1))
def test_the_count_is_the_nearest_integer(size, density):
    if density * size < 0.5:
        with pytest.raises(SpecError):
            exact_count(density, size)
    elif density * size > 0.5:
        assert abs(exact_count(density, size) - density * size) <= 0.5
