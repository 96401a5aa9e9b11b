"""What holds for every command: caches, signals, streams, names that are no markup."""

import os
import subprocess
import sys

import numpy as np
import pytest

from sparsernn.cli import use_caches

COMMAND = [sys.executable, "-m", "sparsernn"]


def said(*arguments, **environment):
    keep = {k: v for k, v in os.environ.items() if k not in ("HOME", "SPARSERNN_CACHE", "XDG_CACHE_HOME")}
    return subprocess.run([*COMMAND, *map(str, arguments)], env=keep | environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    for name, shift in (("a", 0.0), ("b", 0.1)):
        time = np.arange(300)[:, None] * np.array([0.3, 0.41]) + shift
        np.savetxt(folder / f"{name}.csv", np.sin(time), delimiter=",", header="V [mV],[/red]x", comments="")
    return folder / "a.csv", folder / "b.csv"


@pytest.mark.parametrize("cache", ["/dev/null/cache", "/proc/cache", "/nonexistent"])
def test_a_cache_that_cannot_be_written_is_done_without(cache, monkeypatch, tmp_path):
    for name in ("NUMBA_CACHE_DIR", "JAX_COMPILATION_CACHE_DIR"):
        monkeypatch.setenv(name, "")  # so that it is set back afterwards
        monkeypatch.delenv(name)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if cache == "/nonexistent":  # a home that does not exist
        for name in ("SPARSERNN_CACHE", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", "/proc/nonexistent")
    else:
        monkeypatch.setenv("SPARSERNN_CACHE", cache)
    use_caches()
    assert "JAX_COMPILATION_CACHE_DIR" not in os.environ
    assert os.environ["NUMBA_CACHE_DIR"].startswith(str(tmp_path))


def test_a_command_runs_without_a_cache(pair):
    found = said("compare", *pair, SPARSERNN_CACHE="/dev/null/cache", COLUMNS="200")
    assert (found.returncode, found.stderr) == (0, "")
    assert "D_stsp" in found.stdout


def test_names_of_columns_are_no_markup(pair, cli):
    found = cli("compare", *pair)
    assert found.code == 0
    assert "D_H of V [mV]" in found.out
    assert "D_H of [/red]x" in found.out


def test_a_terminal_with_another_alphabet(pair):
    found = said("compare", *pair, PYTHONIOENCODING="ascii", SPARSERNN_CACHE=os.environ["SPARSERNN_CACHE"])
    assert found.returncode == 0
    assert "D_stsp" in found.stdout


def test_a_device_is_no_spec(tmp_path, cli):
    os.mkfifo(tmp_path / "pipe.yaml")
    for path in (tmp_path / "pipe.yaml", "/dev/zero"):
        found = cli("run", path)
        assert found.code == 4
        assert "no ordinary file" in found.err


@pytest.mark.parametrize(
    "command", [["look"], ["compare", "FILE"], ["forecast", "RUN", "--steps", "3", "--out", "x.npy"]]
)
def test_errors_of_every_command_name_options_and_nothing_of_python(cli, finished, command, tmp_path):
    mixed = tmp_path / "mixed.csv"
    mixed.write_text("trial,left,right\n" + "".join(f"{i % 2},{i},{i * i}\n" for i in range(40)))
    words = [{"FILE": mixed, "RUN": finished.directory}.get(word, word) for word in command]
    last = ["--history", mixed] if command[0] == "forecast" else [mixed]
    said = cli(*words, *last, "--trial", "trial")
    assert said.code == 4
    assert "--t" in said.err, "--trial or --time"
    assert "reading." not in said.err
    assert "in Python" not in said.err
    assert str(mixed) in said.err


@pytest.mark.parametrize("command", [["parts"], ["parts", "--json"], ["--help"], ["data", "list"]])
def test_a_reader_that_goes_away_ends_a_command_in_silence(command):
    reads, writes = os.pipe()
    os.close(reads)
    try:
        ended = subprocess.run([*COMMAND, *command], stdout=writes, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(writes)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_defaults_are_shown_as_a_spec_writes_them(cli):
    shown = cli("parts", "sparsifier", "rewirer").out
    assert "false" in next(line for line in shown.splitlines() if line.startswith("│ skips_update"))
