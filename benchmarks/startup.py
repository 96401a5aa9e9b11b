"""Whole processes: ``sparsernn --help`` against a bare typer application, and how soon a second ``demo`` trains."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import harness

PROGRAM = Path(sys.executable).with_name("sparsernn")
BARE = '''
import typer
app = typer.Typer(no_args_is_help=True)
@app.command()
def run(name: str = typer.Argument(help="A name.")) -> None:
    """Do something."""
@app.callback()
def options() -> None: ...
app()
'''
HEAVY = ("jax", "jaxlib", "numba", "numpy", "scipy", "optax", "matplotlib", "plotly", "pydantic", "torch")
ROUNDS = 9


def process(*command: str) -> harness.Side:
    """CPU and wall seconds of a whole process."""
    wall = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}")
    return harness.Side(used.ru_utime + used.ru_stime, time.perf_counter() - wall)


def imported_by_help() -> list[str]:
    """Which of the heavy packages ``sparsernn --help`` imports, read from a real process."""
    script = (
        "import sys; sys.argv = ['sparsernn', '--help']\n"
        "from sparsernn.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return list(eval(ended.stderr.splitlines()[-1]))  # our own line


def help_row(directory: Path) -> None:
    bare = directory / "bare.py"
    bare.write_text(BARE)
    ours, peer = (str(PROGRAM), "--help"), (sys.executable, str(bare), "--help")
    process(*ours), process(*peer)
    result = harness.compared([(process(*ours), process(*peer)) for _ in range(ROUNDS)])
    heavy = imported_by_help()
    harness.report(
        "sparsernn --help", result, None, 1.5, "process",
        f"peer: a typer application with one command; heavy packages imported by ours: {', '.join(heavy) or 'none'} "
        f"(looked for {', '.join(HEAVY)})",
        peak_megabytes=None, limits={"neither JAX nor numba imported": not {"jax", "jaxlib", "numba"} & set(heavy)},
    )  # fmt: skip


def seconds_to_training(out: Path, cache: Path) -> harness.Side:
    """From process start to the first line on standard error that says "training"; then the demo is killed."""
    wall = time.perf_counter()
    environment = {**os.environ, "SPARSERNN_CACHE": str(cache)}
    command = [str(PROGRAM), "demo", "--out", str(out)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
    ) as child:
        assert child.stderr is not None
        line = next((line for line in child.stderr if "training" in line), None)
        wall = time.perf_counter() - wall
        fields = Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        child.kill()
    if line is None:
        sys.exit("the demo ended and never said that it trains")
    return harness.Side((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), wall)


def demo_row(directory: Path) -> None:
    cache = directory / "cache"
    first = seconds_to_training(directory / "first", cache)
    later = [seconds_to_training(directory / f"later{i}", cache) for i in range(5)]
    harness.report_alone(
        "second sparsernn demo, start to first training progress", later, 5, "process",
        f"limit on CPU seconds; the first, with empty caches: {first.cpu:.1f} CPU s, {first.wall:.1f} s",
    )  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        help_row(Path(made))
        demo_row(Path(made))


if __name__ == "__main__":
    main()
