"""A trained network as a few lines of NumPy that a reader can copy and that need nothing of this library."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sparsernn.errors import SpecError
from sparsernn.models.base import AbstractCell
from sparsernn.models.ctrnn import CTRNN
from sparsernn.models.gru import GRU
from sparsernn.models.lstm import LSTM
from sparsernn.models.neural_ode import NeuralODE
from sparsernn.models.plrnn import PLRNN
from sparsernn.models.rhn import RHN
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
    """Return three functions of a network of one cell as the text of a program.

    ``init_state(x)`` makes a state of a row (N,) in the data's units, ``step(state)`` gives the next state, and
    ``read(state)`` a row in the data's units again. Arrays have the names that docs/cells.md gives them. The program
    computes in float64 with the weights as stored.

    Args:
        cell: the network's only cell.
        weights: the file that the program reads; a relative path counts from the directory of the program's own file
            (from the current one where it has none, as in a notebook).
        mean, scale: (N,), they turn the network's numbers into the data's: ``x * scale + mean``.
        about: the comment in the first line.

    Raises:
        SpecError: for a cell that has no such text.
    """
    if isinstance(cell, PLRNN):
        body = _PLRNN.replace("CENTERED", "z - z.mean()" if cell.mean_centered else "z")
    elif isinstance(cell, RNN):
        body = _RNN.replace("PHI", {"tanh": "np.tanh", "relu": "lambda v: np.maximum(v, 0)"}[cell.activation])
    elif isinstance(cell, LSTM):
        body = _LSTM
    elif isinstance(cell, GRU):
        body = _GRU
    elif isinstance(cell, RHN):
        body = _RHN
    elif isinstance(cell, CTRNN):
        body = _CONTINUOUS.replace("NUMBERS", f"n, dt, tau = {cell.substeps}, {cell.dt!r}, {cell.tau!r}") + _EULER
    elif isinstance(cell, NeuralODE) and cell.solver == "rk4":
        body = _CONTINUOUS.replace("NUMBERS", f"n, dt = {cell.substeps}, {cell.dt!r}") + _RUNGE_KUTTA
    else:
        what = "neural_ode with the adaptive solver" if isinstance(cell, NeuralODE) else type(cell).__name__
        raise SpecError(f"{what} has no NumPy text; Model.step computes any cell")
    comment = " ".join(about.split())
    return Source(
        f"# {comment}\n"
        "from pathlib import Path\n\n"
        "import numpy as np\n"
        "from safetensors.numpy import load_file\n\n"
        'here = Path(globals().get("__file__", ".")).parent  # where this program lies\n'
        f"w = load_file(here / {Path(weights).as_posix()!r})\n"
        f"mean, scale = np.array({np.asarray(mean, dtype=float).tolist()}), "
        f"np.array({np.asarray(scale, dtype=float).tolist()})\n" + body
    )


_PLRNN = """\
a, W, h, L = w["cell0/diagonal"], w["cell0/recurrent"][0], w["cell0/bias"], w["cell0/initial"]

def init_state(x):
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

_SIGMOID = """
def sigmoid(v):
    return 1 / (1 + np.exp(-v))
"""

_FROM_TANH = """
def init_state(x):
    x = (x - mean) / scale
    return force(np.tanh(L @ x), x)
"""

_READ = """
def read(h):
    return (B @ h + c) * scale + mean
"""

_RNN = (
    """\
W, b, L = w["cell0/recurrent"][0], w["cell0/bias"], w["cell0/initial"]
B, c = w["readout/weights"][0], w["readout/bias"]
phi = PHI
"""
    + _READOUT
    + """
def init_state(x):
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
"""
    + _SIGMOID
    + _READOUT
    + """
def init_state(x):
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

_GRU = (
    """\
W, b, L = w["cell0/recurrent"], w["cell0/bias"], w["cell0/initial"]
b_h = w["cell0/bias_candidate"]
B, c = w["readout/weights"][0], w["readout/bias"]
"""
    + _SIGMOID
    + _READOUT
    + _FROM_TANH
    + """
def step(h):
    r, z, n = W @ h
    r, z = sigmoid(r + b[0]), sigmoid(z + b[1])
    n = np.tanh(b[2] + r * (n + b_h))
    return (1 - z) * n + z * h
"""
    + _READ
)

_RHN = (
    """\
R, b, L = w["cell0/recurrent"], w["cell0/bias"], w["cell0/initial"]
B, c = w["readout/weights"][0], w["readout/bias"]
"""
    + _SIGMOID
    + _READOUT
    + _FROM_TANH
    + """
def step(h):
    for k in range(0, len(R), 2):
        t = sigmoid(R[k + 1] @ h + b[k + 1])
        h = t * np.tanh(R[k] @ h + b[k]) + (1 - t) * h
    return h
"""
    + _READ
)

_CONTINUOUS = (
    """\
W, b, L = w["cell0/recurrent"][0], w["cell0/bias"], w["cell0/initial"]
B, c = w["readout/weights"][0], w["readout/bias"]
NUMBERS
"""
    + _READOUT
    + _FROM_TANH
)

_EULER = (
    """
def step(h):
    for _ in range(n):
        h = h + dt * (np.tanh(W @ h + b) - h / tau)
    return h
"""
    + _READ
)

_RUNGE_KUTTA = (
    """
def flow(h):
    return np.tanh(W @ h + b)

def step(h):
    for _ in range(n):
        k1 = flow(h)
        k2 = flow(h + dt / 2 * k1)
        k3 = flow(h + dt / 2 * k2)
        h = h + dt / 6 * (k1 + 2 * k2 + 2 * k3 + flow(h + dt * k3))
    return h
"""
    + _READ
)
