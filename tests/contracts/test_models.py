"""What every registered cell, alone and stacked, must keep to."""

import jax
import pytest

from sparsernn.models import CELLS
from sparsernn.models.base import AbstractCell
from sparsernn.models.network import Network
from sparsernn.spec import build, identity, plain
from sparsernn.testing import check_cell
from sparsernn.testing.cell import CASES

SMALL = {"rhn": {"depth": 2}, "ctrnn": {"substeps": 2}, "neural_ode": {"substeps": 2}}
"""Cells that take several sub-steps by default take two here: more take longer to compile and are no other code."""


@pytest.fixture(scope="module", params=CELLS)
def cell(request):
    return build(AbstractCell, {request.param: {"hidden": 5, **SMALL.get(request.param, {})}})


@pytest.mark.parametrize("case", CASES)
def test_cell(cell, case):
    check_cell(cell, (case,))


@pytest.mark.parametrize("cell", CELLS)
def test_a_network_of_it(cell):
    network = build(Network, {cell: {"hidden": 7}})
    assert network.cells[0].hidden == 7
    assert network == build(Network, plain(network))
    assert identity(network) == identity(build(Network, plain(network))) != identity(build(Network, cell))
    assert hash(network) == hash(build(Network, plain(network)))


@pytest.mark.parametrize("cell", CELLS)
def test_its_weights_depend_on_the_key_and_on_the_place_in_the_stack(cell):
    network = build(Network, {"cells": [{cell: {"hidden": 4}}] * 2})
    one, other = (network.init(jax.random.key(seed), CASES["stack"].ports) for seed in (3, 4))
    for path in ("cell0/recurrent", "cell0/input", "cell1/recurrent"):
        room, name = path.split("/")
        assert (one[room][name] != other[room][name]).any(), path
    assert (one["cell0"]["recurrent"] != one["cell1"]["recurrent"]).any()
