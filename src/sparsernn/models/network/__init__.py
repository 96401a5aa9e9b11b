"""The network: cells in a stack with a read-out; what is trained, run freely, pruned and looked at.

One page each: `wiring` (its arrays), `forcing` (moving its state to data), `running` (it in time), `looking` (wiring,
activity, the network as a dynamical system), `dropout`, `ports`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sparsernn.models.base import AbstractCell
from sparsernn.models.network.dropout import Dropout
from sparsernn.models.network.looking import Looking
from sparsernn.models.network.ports import Forcing, Ports, Unrolled

__all__ = ["Dropout", "Forcing", "Network", "Ports", "Unrolled"]


class Network(Looking):
    """A stack of cells, the outputs of each being the inputs of the next, and a read-out of the last.

    Weights: ``cell0/…``, ``cell1/…``, and ``readout/weights`` (1, outputs, hidden), ``readout/bias`` (outputs,). There
    is no read-out matrix where a system is observed through the last cell's first units (``cell.readout ==
    "identity"``, the PLRNN). A linear read-out B is forced through its pseudo-inverse: ``h <- h + B^+ (x - B h - c)``.
    For tokens, `embedding` is the length of a word's vector, ``embedding/weights`` (1, embedding, words); `tied`: the
    read-out's rows serve as the words' vectors, so that there is one matrix. Read-out and embedding of words begin
    uniform(+-0.1). `dropout` (`models.network.dropout`) acts while training only.
    In YAML a network of one cell is written as that cell: ``{plrnn: {hidden: 50}}``; else
    ``{cells: [{lstm: {hidden: 200}}, {lstm: {hidden: 200}}], embedding: 200, dropout: {output: 0.5}}``.
    """

    @staticmethod
    def from_plain(value: Any) -> Any:
        """A cell alone stands for a network of this one cell."""
        if isinstance(value, AbstractCell | str) or (isinstance(value, Mapping) and "cells" not in value):
            return {"cells": [value]}
        return value
