"""What a network prints of itself does what it does."""

import runpy
import subprocess
import sys

import numpy as np
import pytest

import sparsernn
from sparsernn import Model

from .conftest import orbit

CELLS = {
    "vanilla": {"plrnn": {"hidden": 6, "mean_centered": False}},
    "mean-centered": {"plrnn": {"hidden": 6}},
    "tanh": {"rnn": {"hidden": 6}},
    "relu": {"rnn": {"hidden": 6, "activation": "relu"}},
    "lstm": {"lstm": {"hidden": 6}},
    "gru": {"gru": {"hidden": 6}},
    "rhn": {"rhn": {"hidden": 6, "depth": 2}},
    "ctrnn": {"ctrnn": {"hidden": 6, "tau": 0.7, "substeps": 2}},
    "neural_ode": {"neural_ode": {"hidden": 6, "substeps": 2}},
}


@pytest.fixture(scope="module", params=CELLS)
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    np.save(folder / "x.npy", orbit(300))
    spec = {
        "task": {"reconstruction": {"file": str(folder / "x.npy"), "sequence": 10}},
        "network": CELLS[request.param],
        "forcing": {"generalized": {"alpha": 0.2}},
        "epochs": 1,
        "updates_per_epoch": 5,
        "batch": 2,
    }
    return Model(sparsernn.run(sparsernn.read_spec(spec), folder / "runs"))


def test_the_text_runs_as_the_network_does(model):
    names = {}
    exec(model.numpy_source(), names)
    history = orbit(300)
    state, rows = names["init_state"](history[-1]), []
    np.testing.assert_allclose(names["read"](state), history[-1], rtol=1e-4)
    for _ in range(30):
        state = names["step"](state)
        rows.append(names["read"](state))
    np.testing.assert_allclose(rows, model.forecast(history, 30), rtol=1e-4, atol=1e-4)


def test_the_text_is_short_shows_itself_and_reads_the_file_named(model, tmp_path):
    source = model.numpy_source("here.safetensors")
    assert repr(source) == str(source)
    assert "load_file(here / 'here.safetensors')" in source
    step = source[source.index("def step") : source.index("def read")]
    assert len(step.strip().splitlines()) <= 7
    assert step.count("\n") >= 2
    assert len([line for line in source.splitlines() if line.strip()]) < 36


def test_the_text_needs_nothing_of_this_library(model, tmp_path):
    """In a process of its own, from the weights file alone; one cell stands for all that import no more."""
    imports = [line for line in model.numpy_source().splitlines() if "import" in line]
    assert imports == [
        "from pathlib import Path",
        "import numpy as np",
        "from safetensors.numpy import load_file",
    ]
    if type(model._spec.network.cells[0]).__name__ != "LSTM":
        return
    (tmp_path / "w.safetensors").write_bytes((model.record.directory / "weights.safetensors").read_bytes())
    row = orbit(300)[-1].tolist()
    program = f"""{model.numpy_source("w.safetensors")}
import sys
assert "sparsernn" not in sys.modules
print(read(step(init_state(np.array({row})))).tolist())
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    np.testing.assert_allclose(eval(done.stdout), model.forecast(orbit(300), 1)[0], rtol=1e-4, atol=1e-4)


def test_a_script_and_its_run_can_be_moved_together(model, tmp_path):
    """The weights are named as seen from the script: it holds no path of this machine and runs from anywhere."""
    run = model.record.directory
    place = tmp_path / "moved"
    source = model.numpy_source(script=run.parent / "scripts" / "net.py")
    assert str(run.parent) not in source
    assert f"here / '../{run.name}/weights.safetensors'" in source
    (place / "scripts").mkdir(parents=True)
    (place / run.name).mkdir()
    (place / run.name / "weights.safetensors").write_bytes((run / "weights.safetensors").read_bytes())
    (place / "scripts" / "net.py").write_text(source)
    assert callable(runpy.run_path(str(place / "scripts" / "net.py"))["step"])
