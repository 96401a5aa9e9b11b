import os
from pathlib import Path

import numba
import numpy as np
import pytest


@numba.njit
def _lorenz(state, steps):
    """Lorenz-63 (10, 28, 8/3) by the classical Runge-Kutta method, step 0.01."""

    def slope(s):
        return np.array([10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1], s[0] * s[1] - 8 / 3 * s[2]])

    out = np.empty((steps, 3))
    for i in range(steps):
        k1 = slope(state)
        k2 = slope(state + 0.005 * k1)
        k3 = slope(state + 0.005 * k2)
        k4 = slope(state + 0.01 * k3)
        state = state + 0.01 / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        out[i] = state
    return out


@pytest.fixture(scope="session")
def lorenz():
    """Two true runs of Lorenz-63, each (40000, 3), in the units of the first one's standard deviation."""
    runs = [_lorenz(np.array([x, 1.0, 25.0]), 42_000)[2_000:] for x in (1.0, -7.0)]
    mean, sd = runs[0].mean(axis=0), runs[0].std(axis=0, ddof=1)
    return [(run - mean) / sd for run in runs]


@pytest.fixture(scope="session")
def recorded():
    """Loader of the published reference series by name; skips where SPARSERNN_DATA does not hold them."""

    def load(name):
        root = os.environ.get("SPARSERNN_DATA")
        if not root or not (Path(root) / "dsr" / f"{name}.npy").exists():
            pytest.skip(f"needs dsr/{name}.npy under SPARSERNN_DATA")
        return np.ascontiguousarray(np.load(Path(root) / "dsr" / f"{name}.npy", allow_pickle=False))

    return load
