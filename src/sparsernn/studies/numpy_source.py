"""A trained network as a few lines of NumPy that a reader can copy and that need nothing of this library."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sparsernn.errors import SpecError
from sparsernn.models.base import AbstractCell
from sparsernn.models.lstm import LSTM
from sparsernn.models.plrnn import PLRNN
from sparsernn.models.rnn import RNN


class Source(str):
    """A program as text; a prompt and a notebook show it as it is printed.

    >>> Source("a = 1")
    a = 1
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def numpy_source(cell: AbstractCell, weights: Path | str, mean: np.ndarray, scale: np.ndarray, about: str) -> Source:
    """Three functions of a network of one cell: ``start(x)``, from a row (N,) in the data's units to a state;
    ``step(state)``, to the next state; ``read(state)``, back to a row in the data's units.

    `weights` is the path that the text reads, `mean` and `scale` (N,) turn the network's units into the data's, `about`
    is the comment in its first line. Arrays have the names that docs/cells.md gives them. It computes in float64 with
    the weights as stored. SpecError for a cell that has no such text.
    """
    if isinstance(cell, PLRNN):
        body = _PLRNN.replace("CENTERED", "z - z.mean()" if cell.mean_centered else "z")
    elif isinstance(cell, RNN):
        body = _RNN.replace("PHI", {"tanh": "np.tanh", "relu": "lambda v: np.maximum(v, 0)"}[cell.activation])
    elif isinstance(cell, LSTM):
        body = _LSTM
    else:
        raise SpecError(
            f"{type(cell).__name__} has no NumPy text yet (plrnn, rnn and lstm have one); Model.step computes any cell"
        )
    comment = " ".join(about.split())
    return Source(
        f"# {comment}\n"
        "import numpy as np\n"
        "from safetensors.numpy import load_file\n\n"
        f"w = load_file({str(weights)!r})\n"
        f"mean, scale = np.array({np.asarray(mean, dtype=float).tolist()}), "
        f"np.array({np.asarray(scale, dtype=float).tolist()})\n" + body
    )


_PLRNN = """\
a, W, h, L = w["cell0/diagonal"], w["cell0/recurrent"][0], w["cell0/bias"], w["cell0/initial"]

def start(x):
    x = (x - mean) / scale
    return np.concatenate([x, L @ x])

def step(z):
    return a * z + W @ np.maximum(CENTERED, 0) + h

def read(z):
    return z[:len(mean)] * scale + mean
"""

_READOUT = """
def force(h, x):  # the state nearest to h that is read as x
    G = B @ B.T
    return h + np.linalg.solve(G + 1e-6 * np.trace(G) / len(G) * np.eye(len(G)), x - B @ h - c) @ B
"""

_RNN = (
    """\
W, b, L = w["cell0/recurrent"][0], w["cell0/bias"], w["cell0/initial"]
B, c = w["readout/weights"][0], w["readout/bias"]
phi = PHI
"""
    + _READOUT
    + """
def start(x):
    x = (x - mean) / scale
    return force(phi(L @ x), x)

def step(h):
    return phi(W @ h + b)

def read(h):
    return (B @ h + c) * scale + mean
"""
)

_LSTM = (
    """\
W, b, L = w["cell0/recurrent"], w["cell0/bias"], w["cell0/initial"]
B, c = w["readout/weights"][0], w["readout/bias"]

def sigmoid(v):
    return 1 / (1 + np.exp(-v))
"""
    + _READOUT
    + """
def start(x):
    x = (x - mean) / scale
    return force(np.tanh(L[0] @ x), x), L[1] @ x

def step(state):
    h, m = state
    i, f, g, o = W @ h + b
    m = sigmoid(f) * m + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(m), m

def read(state):
    return (B @ state[0] + c) * scale + mean
"""
)
