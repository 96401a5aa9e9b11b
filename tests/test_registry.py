"""Own parts: registered, installed, named by an environment variable, or by their place."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

import jax.numpy as jnp
import pytest

import sparsernn
from sparsernn import registry
from sparsernn.errors import SpecError
from sparsernn.registry import KINDS, VARIABLE, Registry, family, read_from_a_file, register, registry_of
from sparsernn.regularizers.base import AbstractRegularizer
from sparsernn.spec import build, plain

CUBIC = '''
from dataclasses import dataclass
import jax.numpy as jnp
import sparsernn
from sparsernn.regularizers.base import AbstractRegularizer

@dataclass(frozen=True)
class Cubic(AbstractRegularizer):
    """Sum of |w|^3."""
    strength: float = 0.5

    def penalty(self, trained, fixed, weights, prunables):
        return jnp.sum(jnp.abs(weights["cell0"]["recurrent"]) ** 3)
'''


@dataclass(frozen=True)
class Cubic(AbstractRegularizer):
    """Sum of |w|^3."""

    strength: float = 0.5

    def penalty(self, trained, fixed, weights, prunables):
        return jnp.zeros(())


@pytest.fixture
def clean(monkeypatch):
    monkeypatch.setattr(registry, "_own", {})
    registry._installed.cache_clear()
    registry._named_modules.cache_clear()
    yield
    registry._installed.cache_clear()
    registry._named_modules.cache_clear()


def test_every_family_is_known():
    """KINDS lists each registry of the package under its own kind."""
    for kind in KINDS:
        assert isinstance(registry_of(kind), Registry)
        assert registry_of(kind).kind == kind
        assert registry_of(kind).unfit(family(kind)) != [], "a base is no member"


def test_a_registered_part_is_one_of_the_family(clean):
    assert register("regularizer", "cubic", Cubic) is Cubic
    part = build(AbstractRegularizer, {"cubic": {"strength": "2e-3"}})
    assert part == Cubic(0.002)
    assert plain(part) == {"cubic": {"strength": 0.002}}
    assert "cubic" in registry_of("regularizer").names()
    register("regularizer", "cubic", Cubic)  # a notebook's cell run twice
    with pytest.raises(SpecError, match='did you mean "cubic"'):
        build(AbstractRegularizer, "cubik")


def test_as_a_decorator_and_as_a_preset(clean):
    @sparsernn.register("regularizer", "local")
    @dataclass(frozen=True)
    class Local(Cubic):
        more: int = 1

    @sparsernn.register("regularizer", "strong")
    def strong(times: float = 2.0) -> AbstractRegularizer:
        return Local(times)

    assert build(AbstractRegularizer, {"strong": {"times": 3}}) == Local(3.0)
    assert plain(Local()) == {"local": {"strength": 0.5, "more": 1}}


def test_all_that_is_wrong_is_told_at_once(clean):
    class Bare(AbstractRegularizer):
        pass

    with pytest.raises(SpecError) as error:
        register("regularizer", "l1:", Bare)
    said = str(error.value)
    assert "letters, digits" in said
    assert "frozen=True" in said
    assert "still lacks penalty" in said
    with pytest.raises(SpecError, match="taken"):
        register("regularizer", "l1", Cubic)
    with pytest.raises(SpecError, match=r'no kind of part "regularizr".*regularizer'):
        register("regularizr", "x", Cubic)
    with pytest.raises(SpecError, match=r"is no measure: derive from"):
        register("measure", "x", Cubic)
    with pytest.raises(SpecError, match="the parameter times"):
        register("regularizer", "x", lambda times: Cubic(times))


def test_by_its_place(clean, tmp_path, monkeypatch):
    (tmp_path / "mine_by_place.py").write_text(CUBIC)
    monkeypatch.syspath_prepend(tmp_path)
    with read_from_a_file(), pytest.raises(SpecError, match=f"{VARIABLE}=mine_by_place"):
        build(AbstractRegularizer, "mine_by_place:Cubic")
    part = build(AbstractRegularizer, {"mine_by_place:Cubic": {"strength": 1}})
    assert plain(part) == {"mine_by_place:Cubic": {"strength": 1.0}}
    with read_from_a_file():
        assert build(AbstractRegularizer, "mine_by_place:Cubic").strength == 0.5  # imported by then
    for bad in ("mine_by_place:Nothing", "no_such_module:Cubic", "mine_by_place:", ":Cubic"):
        with pytest.raises(SpecError, match="expected module:Class"):
            build(AbstractRegularizer, bad)


@pytest.mark.parametrize("place", ["os:system", "subprocess:Popen", "sparsernn.models.lstm:LSTM", "builtins:print"])
def test_a_place_is_never_called_unless_it_is_a_part_of_the_family(place):
    with pytest.raises(SpecError, match="is no regularizer"):
        build(AbstractRegularizer, {place: {}})


def test_installed_packages_bring_parts(clean, tmp_path, monkeypatch):
    (tmp_path / "mine_installed.py").write_text(CUBIC)
    about = tmp_path / "mine-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[sparsernn.regularizer]\ncubic_installed = mine_installed:Cubic\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry._installed.cache_clear()
    part = build(AbstractRegularizer, "cubic_installed")
    assert plain(part) == {"cubic_installed": {"strength": 0.5}}
    assert "cubic_installed" in registry_of("regularizer").names()


def test_a_file_named_by_the_environment(clean, tmp_path, monkeypatch):
    file = tmp_path / "mine_in_a_file.py"
    file.write_text(CUBIC + '\nsparsernn.register("regularizer", "cubic_in_a_file", Cubic)\n')
    monkeypatch.setenv(VARIABLE, str(file))
    assert build(AbstractRegularizer, "cubic_in_a_file").strength == 0.5
    registry._named_modules.cache_clear()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone.py"))
    with pytest.raises(SpecError, match=r"names .*gone.py, which cannot be imported"):
        build(AbstractRegularizer, "another")


def test_a_file_takes_no_other_modules_name(clean, tmp_path, monkeypatch):
    (tmp_path / "colorsys.py").write_text("raise AssertionError('imported')")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "colorsys.py"))
    with pytest.raises(SpecError, match="another module colorsys; rename the file"):
        build(AbstractRegularizer, "another")
    import colorsys

    assert colorsys.rgb_to_hsv(0, 0, 1)[2] == 1


def test_a_run_and_its_report_from_the_command_line(tmp_path):
    """The part lies beside the spec; `run` finds it there, `show` only where the environment names it."""
    (tmp_path / "mine_beside.py").write_text(CUBIC)
    spec = {
        "task": {"adding": {"length": 4, "held_out": 20}},
        "network": {"rnn": {"hidden": 4}},
        "regularizers": [{"mine_beside:Cubic": {}}],
        "epochs": 1,
        "updates_per_epoch": 1,
        "batch": 2,
    }
    (tmp_path / "spec.yaml").write_text(json.dumps(spec))

    def sparsernn_(*words, **more):
        command = [sys.executable, "-P", "-m", "sparsernn", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ | more)

    for name in ("yaml", "optax", "secrets"):  # files that would be taken for libraries
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a file beside the spec was run')\n")
    said = sparsernn_("run", "spec.yaml")
    assert said.returncode == 0, said.stderr
    assert f"next: {VARIABLE}=mine_beside sparsernn report " in said.stdout
    done = sparsernn_("run", "spec.yaml", "--json")
    assert done.returncode == 0, done.stderr
    place = json.loads(done.stdout)["directory"]
    again = sparsernn_("report", place, "--json", "--out", "r.html")
    assert again.returncode != 0
    assert f"{VARIABLE}=mine_beside (several by commas" in again.stderr
    assert "its parts are not known here" in again.stderr
    for parts in ("mine_beside", "mine_beside.py"):
        named = sparsernn_("show", place, "--json", SPARSERNN_PARTS=parts)
        assert named.returncode == 0, named.stderr
    named = sparsernn_("report", place, "--json", "--out", "r.html", SPARSERNN_PARTS="mine_beside")
    assert named.returncode == 0, named.stderr
