"""The public names: there, listed, explained, with examples that run; and the import stays instant."""

import ast
import doctest
import inspect
import os
import pydoc
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import sparsernn

ROOT = Path(__file__).parents[1]
NAMES = [name for name in sparsernn.__all__ if not name.startswith("__")]
ERRORS = {"SparseRNNError", "SpecError", "DataError", "StoreError", "Interrupted"}


def fresh(code):
    """What a new interpreter prints."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return done.stdout.split()


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there_explained_and_in_the_overview(name):
    found = getattr(sparsernn, name)
    assert len(inspect.getdoc(found)) > 20
    assert f"`{name}`" in sparsernn.__doc__


def test_dir_and_help_show_them():
    assert set(sparsernn.__all__) <= set(dir(sparsernn))
    said = pydoc.plain(pydoc.render_doc(sparsernn))
    assert "five" not in said
    assert {name for name in NAMES if name not in said} == set()


def test_a_fresh_interpreter_lists_them_and_imports_nothing_for_it():
    heavy = ("jax", "numpy", "numba", "networkx", "pydantic", "matplotlib")
    assert fresh(f"import sparsernn, sys; dir(sparsernn); print(*[m for m in {heavy} if m in sys.modules])") == []
    assert set(NAMES) <= set(fresh("import sparsernn; print(*dir(sparsernn))"))
    assert fresh("from sparsernn import *; print(Undefined('x'), reconstruct.__name__)") == ["x", "reconstruct"]


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="reconstuct"):
        sparsernn.reconstuct  # noqa: B018


def test_type_checkers_see_the_same_names_from_the_same_places():
    tree = ast.parse((ROOT / "src" / "sparsernn" / "__init__.py").read_text(encoding="utf-8"))
    (block,) = [n for n in tree.body if isinstance(n, ast.If) and getattr(n.test, "id", "") == "TYPE_CHECKING"]
    seen = {alias.name: node.module for node in block.body for alias in node.names}
    assert seen == sparsernn._HOMES
    assert {*seen, "__version__"} == set(sparsernn.__all__)


def test_a_wheel_holds_every_file_of_the_package(tmp_path):
    """Code, py.typed, the templates and the style sheet of pages."""
    source = ROOT / "src"
    wanted = {p.relative_to(source).as_posix() for p in (source / "sparsernn").rglob("*") if p.is_file()}
    wanted = {name for name in wanted if "__pycache__" not in name}
    assert {"sparsernn/py.typed", "sparsernn/report/templates/report.html.j2"} <= wanted
    hatchling = pytest.importorskip("hatchling.build")
    here = Path.cwd()
    os.chdir(ROOT)
    try:
        name = hatchling.build_wheel(str(tmp_path))
    finally:
        os.chdir(here)
    assert wanted - set(zipfile.ZipFile(tmp_path / name).namelist()) == set()


def _examples():
    """Docstrings of public names, and of a public class's own methods."""
    for name in NAMES:
        found = getattr(sparsernn, name)
        yield name, found
        if inspect.isclass(found):
            for method, value in inspect.getmembers(found):
                value = getattr(value, "__func__", value)
                if not method.startswith("_") and callable(value) and ">>>" in (value.__doc__ or ""):
                    yield f"{name}.{method}", value


def test_examples_of_docstrings_run(tmp_path, monkeypatch):
    """All in one directory, one after the other, with the data that they speak of."""
    monkeypatch.chdir(tmp_path)
    time = 0.1 * np.arange(900)
    x = np.stack([np.sin(time), np.cos(time)], axis=1)
    np.save("x.npy", x)
    quick = {"epochs": 1, "hidden": 6, "sequence": 20, "rounds": 1, "criteria": "magnitude", "progress": False}
    given = {name: getattr(sparsernn, name) for name in ERRORS | {"Undefined"}}
    given |= {"sparsernn": sparsernn, "np": np, "x": x, "history": x[:40], "quick": quick}
    given["model"] = sparsernn.reconstruct(x, dt=0.1, names=["x", "y"], out="my-run", **quick)
    tiny = {"task": {"adding": {"length": 5}}, "network": {"rnn": {"hidden": 4}}, "epochs": 1, "updates_per_epoch": 1}
    given["spec"] = sparsernn.read_spec(tiny | {"measures": ["score"], "watch": ["hubs"]})
    given["record"] = sparsernn.run(given["spec"], "runs")
    bare = []
    for name, found in _examples():
        text = inspect.getdoc(found)
        examples = doctest.DocTestParser().get_doctest(text, dict(given), name, None, 0)
        bare += [name] if not examples.examples and name not in ERRORS else []
        said = []
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        runner.run(examples, out=said.append)
        assert not runner.failures, "".join(said)
    assert bare == []


def test_versions_agree():
    """pyproject, the package, the citation and, once released, the changelog."""
    said = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    assert said == sparsernn.__version__
    assert f"\nversion: {said}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {said}\n" in (ROOT / "CHANGELOG.md").read_text()
