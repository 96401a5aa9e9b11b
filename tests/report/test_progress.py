"""Telling how far the work is: on nothing, in lines, in a notebook's cell."""

import sys
import types
from contextlib import suppress

import pytest

from sparsernn.report import progress
from sparsernn.report.progress import progress_bars


def test_quiet_says_nothing(capsys):
    with progress_bars(quiet=True) as progress:
        progress("training", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_lines_elsewhere(capsys):
    with progress_bars() as progress:
        progress("training", 0, 2_000)
        progress("training", 2_000, 2_000)
    assert capsys.readouterr().err.splitlines()[-1] == "training: 2,000 of 2,000"


@pytest.fixture
def cell(monkeypatch):
    """What a notebook's cell has shown, in order."""
    shown = []

    class Handle:
        def update(self, data, raw):
            shown.append(data["text/plain"])

    def display(data, raw, display_id):
        shown.append(data["text/plain"])
        return Handle()

    module = types.ModuleType("IPython")
    module.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    inner = types.ModuleType("IPython.display")
    inner.display = display
    monkeypatch.setitem(sys.modules, "IPython", module)
    monkeypatch.setitem(sys.modules, "IPython.display", inner)
    monkeypatch.setattr(progress, "CELL_SECONDS", 0.0)
    return shown


def test_one_line_in_a_notebook_is_written_over(cell, capsys):
    with progress_bars() as progress:
        progress("training", 500, 1_000)
    assert cell[1] == f"{'█' * 10}{'░' * 10} training: 500 of 1,000"
    assert cell[-1] == "done"
    assert capsys.readouterr() == ("", "")


def test_a_prompt_of_ipython_is_no_notebook(cell, capsys):
    sys.modules["IPython"].get_ipython = lambda: types.SimpleNamespace()
    with progress_bars() as progress:
        progress("training", 1, 1)
    assert cell == []
    assert "training: 1 of 1" in capsys.readouterr().err


def test_a_cell_whose_work_fails_does_not_say_done(cell):
    with suppress(ValueError), progress_bars() as progress:
        progress("training", 1, 2)
        raise ValueError
    assert cell[-1] != "done"
