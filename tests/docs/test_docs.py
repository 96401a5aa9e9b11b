"""What README and docs say exists: links, commands, options, names, fields, files; every public name is explained."""

import ast
import importlib
import re
import shlex
from itertools import chain
from pathlib import Path
from typing import get_type_hints

import pytest
import typer

from sparsernn.cli.app import app
from sparsernn.files.spec_file import override, parse_yaml, read_yaml
from sparsernn.registry import KINDS, registry_of
from sparsernn.runs.watch import Watch
from sparsernn.spec import build
from sparsernn.training.initial import Initial
from sparsernn.training.run_spec import RunSpec, read_spec
from sparsernn.training.signs import Signs

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARKER = re.compile(r"<<measure: (.*?)>>")
FAMILIES = {kind: registry_of(kind).members for kind in KINDS}
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)


def blocks(page, *kinds):
    return [text for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")) if kind in kinds]


def prose(page):
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


def anchors(page):
    """As GitHub makes them from headings."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@each_page
def test_links_lead_somewhere(page):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path) if path else page
        if not place.exists() or (anchor and anchor not in anchors(place)):
            broken.append(target)
    assert not broken


@each_page
def test_named_files_exist(page):
    named = re.findall(r"`((?:src|tests|docs|examples|benchmarks)/[\w./-]*)`", prose(page))
    assert not [name for name in named if "NAME" not in name and not (ROOT / name).exists()]


# ------------------------------------------------------------------------------------------------------------ commands


def parse(line, complete=True):
    """Parse one command line as the application does, without running it; the name and parameters of the command."""
    words = shlex.split(line, comments=True)
    assert words.pop(0) == "sparsernn"
    command, context = typer.main.get_command(app), None
    while True:
        try:
            context = command.make_context(command.name, words, parent=context, resilient_parsing=not complete)
        except SystemExit:
            return None
        except Exception as error:
            if type(error).__name__ == "Exit":  # --help, --version
                return None
            raise
        if not hasattr(command, "commands"):
            return command.name, context.params
        rest = [*getattr(context, "_protected_args", ()), *context.args]
        if not rest:
            return None
        found = command.get_command(context, rest[0])
        assert found is not None, f"no command {rest[0]}"
        command, words = found, rest[1:]


def lines(page):
    """Commands in blocks, with continued lines joined, and those to fill a number from."""
    text = "".join(blocks(page, "", "console", "bash", "sh")).replace("\\\n", " ")
    found = [part.strip() for line in text.splitlines() for part in line.split("&&")]
    return [c.removeprefix("$ ") for c in found if c.startswith(("sparsernn ", "$ sparsernn "))] + sorted(
        set(MARKER.findall(page.read_text(encoding="utf-8")))
    )


@each_page
def test_commands_and_options_exist(page):
    for line in lines(page):
        try:
            name, parameters = parse(line) or ("", {})
        except Exception as error:
            pytest.fail(f"{line}\n{type(error).__name__}: {getattr(error, 'message', error)}")
        if name == "run" and (ROOT / parameters["spec"]).is_file():
            tree = read_yaml(ROOT / parameters["spec"])
            for assignment in parameters["set_"] or ():
                tree = override(tree, assignment.replace("...", "0"))
            read_spec(tree)


@each_page
def test_commands_in_running_text_exist(page):
    for line in re.findall(r"`(sparsernn [^`]*)`", MARKER.sub("", prose(page))):
        try:
            parse(line, complete=False)
        except Exception as error:
            pytest.fail(f"{line}\n{type(error).__name__}: {getattr(error, 'message', error)}")


@each_page
def test_options_in_running_text_exist(page):
    """`--padding mirror` by itself: some command has the option, and takes the value."""
    known = set()
    root = typer.main.get_command(app)
    graph = root.commands["graph"]
    graphs = [graph.get_command(None, name) for name in graph.list_commands(None)]
    inner = [*root.commands["data"].commands.values(), *root.commands["study"].commands.values(), *graphs]
    for command in [*root.commands.values(), *inner]:
        known |= {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    text = prose(page)
    used = set(re.findall(r"`(--[a-z-]+)", text))
    assert used <= known | {"--help", "--version"}


@pytest.mark.parametrize(
    "wrong",
    ["trian x", "compare a b --bin 3", "compare a b --bins x", "generate RUN", "reconstruct f --out o --cell lsmt"],
)
def test_the_parser_of_commands_sees_mistakes(wrong):
    with pytest.raises(Exception, match=r"trian|--bin\b|valid integer|Missing parameter|lsmt"):
        parse(f"sparsernn {wrong}")


# --------------------------------------------------------------------------------------------------------------- specs


@each_page
def test_yaml_blocks_are_specs(page):
    """Whole specs, or some fields of one. (Those of the skeletons are run in test_skeletons.)"""
    if page.name.startswith("adding-"):
        return
    hints = get_type_hints(RunSpec)
    for text in blocks(page, "yaml"):
        tree = parse_yaml(text)
        if "task" in tree:
            read_spec(tree)
            continue
        assert set(tree) <= set(hints)
        for name, value in tree.items():
            build(hints[name], value, name)


@each_page
def test_fields_in_running_text_are_a_specs(page):
    """`select: {key: d_stsp}` and the like: the first word is a field of a run or of a registered part."""
    parts = [_resolve(place) for table in FAMILIES.values() for place in table.values()]
    known = set(get_type_hints(RunSpec)) | {"key", "every", "count", "rewind"}
    parts += [Initial, Signs, Watch]
    known |= {"from"} | {name for part in parts for name in _parameters(part)}
    used = set(re.findall(r"`([a-z_]+): [^`]+`", prose(page)))
    assert used - known <= {"sparsernn"}


def _resolve(place):
    module, _, attribute = place.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _parameters(part):
    import inspect

    return inspect.signature(part).parameters


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda p: p.name)
def test_examples_are_specs(path):
    read_spec(read_yaml(path))


@each_page
def test_python_blocks_are_sound(page):
    """They parse; specs in them can be read; what they take from `sparsernn` is there."""
    if page.name.startswith("adding-"):
        return
    for text in blocks(page, "python"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "sparsernn":
                assert hasattr(importlib.import_module("sparsernn"), node.attr)
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "read_spec":
                read_spec(ast.literal_eval(node.args[0]))


# --------------------------------------------------------------------------------------------------------------- names


def tables(page):
    """Header and rows of every table, cells as text."""
    for text in re.findall(r"(?:^\|.*\|$\n?)+", prose(page), re.MULTILINE):
        rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.strip().splitlines()]
        yield rows[0], rows[2:]


def test_which_one_speaks_of_members_that_exist():
    """Every family has its table; `sparsernn parts` lists all members, so a new one need not be added here."""
    found = {}
    for header, rows in tables(ROOT / "docs" / "which-one.md"):
        found.setdefault(header[0], []).extend(row[0].strip("`") for row in rows)
    assert set(found) == set(FAMILIES)
    for family, names in found.items():
        assert len(names) == len(set(names)), family
        assert set(names) <= set(FAMILIES[family]), family


def test_readme_names_members():
    (rows,) = [rows for header, rows in tables(ROOT / "README.md") if header == ["", "members"]]
    for family, members in rows:
        registry = FAMILIES[family.removesuffix("s")]
        names = set(re.findall(r"`(\w+)`", members))
        assert names, family
        assert names <= set(registry), family


def test_environment_variables_are_those_of_the_code():
    code = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "src").rglob("*.py"))
    documented = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    used = set(re.findall(r"\"((?:SPARSERNN|JAX|NUMBA|XDG)_[A-Z_]+)\"", code))
    assert used
    assert {name for name in used if f"`{name}`" not in documented} == set()


# ---------------------------------------------------------------------------------------------------------- docstrings


def public(path):
    """(name, node) of a module, its public classes and functions, and nothing nested."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = (n for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef) and not n.name.startswith("_"))
    return chain([("", tree)], ((n.name, n) for n in named))


def test_every_public_name_has_a_docstring():
    files = sorted((ROOT / "src" / "sparsernn").rglob("*.py"))
    assert len(files) > 50
    bare = [f"{p.relative_to(ROOT)}:{name}" for p in files for name, node in public(p) if not ast.get_docstring(node)]
    assert bare == []
