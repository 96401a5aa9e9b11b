"""Small reconstructions made from Python, shared by the tests of this room; not to be changed."""

import numpy as np
import pytest

import sparsernn

QUICK = {"epochs": 2, "hidden": 6, "sequence": 20, "rounds": 1, "criteria": "magnitude", "progress": False}


def orbit(rows=900):
    """(rows, 2) far from 0 and of unlike sizes."""
    time = 0.1 * np.arange(rows)
    return np.stack([3 + np.sin(time), 10 * np.cos(time)], axis=1)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """(model, the directory it is in): two columns, one round of pruning."""
    out = tmp_path_factory.mktemp("made") / "my-run"
    return sparsernn.reconstruct(orbit(), dt=0.1, names=["x", "y"], out=out, **QUICK), out


@pytest.fixture(scope="session")
def lagged(tmp_path_factory):
    """A dense model of one column that is delay-embedded."""
    out = tmp_path_factory.mktemp("lagged") / "run"
    quick = QUICK | {"lags": (0, 7, 15), "density": 1}
    return sparsernn.reconstruct(orbit()[:, 1], out=out, **quick)
