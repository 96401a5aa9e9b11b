"""The wiring of a trained network as a graph of networkx."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import numpy as np

from sparsernn.errors import SpecError, Undefined, nearest
from sparsernn.models.base import AbstractCell
from sparsernn.models.lstm import GATES, LSTM
from sparsernn.models.network import Network
from sparsernn.weights import Weights


def graph(network: Network, weights: Weights, columns: Sequence[str], gate: int | str | None = None) -> nx.DiGraph:
    """Units and recorded columns as nodes, an edge source -> target for every weight that is not 0.

    Nodes: units 0 … M - 1 with `kind` ``unit``, `observed` (the unit is a recorded column, as the first N of a PLRNN
    are) and `name` (that column's, else ""). With a linear read-out no unit is observed: the columns are nodes of their
    own, keyed by their names, `kind` ``column``, `observed` True, with an edge from every unit that they are read from.
    Edges: `weight`, and `sign` 1 or -1. What a cell has beside its matrix (a PLRNN's diagonal a, biases) is no edge.

    Of a gated cell `gate` picks one matrix (by number, or by name of an LSTM's: input, forget, candidate, output); None
    sums the gates' absolute values: then `sign` is 0 on these edges, as gates have signs of their own. The graph's
    attribute `note` says what was taken. SpecError for a cell without a graph. Cost: O(M^2).
    """
    cell = network.cells[0]
    found = network.connectome(weights, 0, _gate(cell, gate))
    if isinstance(found, Undefined):
        raise SpecError(f"{type(cell).__name__} has no graph of its units: {found}")
    unsigned = gate is None and len(weights["cell0"].get("recurrent", ())) > 1
    reads_units = "readout" not in weights
    made = nx.DiGraph(note=found.note)
    for unit in range(found.weights.shape[0]):
        seen = reads_units and unit < len(columns)
        made.add_node(unit, kind="unit", observed=seen, name=columns[unit] if seen else "")
    for target, source in np.argwhere(found.weights):
        weight = float(found.weights[target, source])
        made.add_edge(int(source), int(target), weight=weight, sign=0 if unsigned else int(np.sign(weight)))
    if not reads_units and found.readout is not None:
        for row, name in enumerate(columns):
            made.add_node(name, kind="column", observed=True, name=name)
            for source in np.flatnonzero(found.readout[row]):
                weight = float(found.readout[row, source])
                made.add_edge(int(source), name, weight=weight, sign=int(np.sign(weight)))
    return made


def _gate(cell: AbstractCell, gate: int | str | None) -> int | None:
    if not isinstance(gate, str):
        return gate
    if not isinstance(cell, LSTM) or gate not in GATES:
        known = GATES if isinstance(cell, LSTM) else ()
        raise SpecError(f'gate: {type(cell).__name__} has no gate "{gate}"{nearest(gate, known)}')
    return GATES.index(gate)
