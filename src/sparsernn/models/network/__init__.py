"""The network: a stack of cells with a read-out.

`Network` is put together from one file each for its arrays (`wiring`), moving its state to data (`forcing`), sequences
and free runs (`running`), and its wiring, its activity and its form as a dynamical system (`looking`). `dropout` and
`ports` hold what it takes.
"""

from __future__ import annotations

from collections.abc import Mapping

from sparsernn.models.base import AbstractCell
from sparsernn.models.network.dropout import Dropout
from sparsernn.models.network.looking import Looking
from sparsernn.models.network.ports import Forcing, Ports, Unrolled
from sparsernn.spec import Plain

__all__ = ["Dropout", "Forcing", "Network", "Ports", "Unrolled"]


class Network(Looking):
    """A stack of cells and a read-out. The outputs of each cell are the inputs of the next; the last one is read out.

    Weights: ``cell0/…``, ``cell1/…``, and ``readout/weights`` (1, outputs, hidden), ``readout/bias`` (outputs,). There
    is no read-out matrix where a recorded system is read from the first units of the last cell (``cell.readout ==
    "identity"``, the PLRNN). A linear read-out B is forced through its pseudo-inverse: ``h <- h + B^+ (x - B h - c)``.
    Where inputs are words, read-out and embedding begin uniform in ±0.1.

    In YAML a network of one cell is written as that cell, ``{plrnn: {hidden: 50}}``; any other as
    ``{cells: [{lstm: {hidden: 200}}, {lstm: {hidden: 200}}], embedding: 200, dropout: {output: 0.5}}``.

    Args:
        cells: the stack, the first one at the inputs.
        embedding: for words: the length of a word's vector, ``embedding/weights`` (1, embedding, words).
        tied: for words: the rows of the read-out are also the words' vectors, so that there is one matrix for both.
        dropout: what is set to 0 at random while training.
    """

    @staticmethod
    def from_plain(value: Plain) -> Plain:
        """Write a cell alone as a network of this one cell; return anything else as it is."""
        if isinstance(value, AbstractCell | str) or (isinstance(value, Mapping) and "cells" not in value):
            return {"cells": [value]}
        return value
