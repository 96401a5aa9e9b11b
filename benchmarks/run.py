"""All rows, one process each on one core, into `results.md` and `results.json` beside this file.

``python benchmarks/run.py`` takes all, ``python benchmarks/run.py free_run startup`` the rows of these files only (the
others keep their last numbers).
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = (
    ("plrnn_update",),
    ("free_run",),
    ("importance", "plrnn"),
    ("importance", "lstm"),
    ("lstm_step",),
    ("language_step",),
    ("nulls",),
    ("second_run",),
    ("startup",),
)
PACKAGES = ("sparsernn", "jax", "jaxlib", "optax", "numba", "numpy", "torch", "typer")


def rows_of(script: tuple[str, ...]) -> list[dict]:
    """The rows a script prints, with the load of the machine before it. Ends the program if it fails."""
    load = os.getloadavg()[0]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "NPROC": "1",
    }
    core = str(max(os.sched_getaffinity(0)))
    command = ["taskset", "-c", core, sys.executable, str(HERE / f"{script[0]}.py"), *script[1:]]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
    if ended.returncode:
        sys.exit(f"{' '.join(script)} ended with {ended.returncode}")
    rows = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    return [{"script": " ".join(script), "load": round(load, 1), **row} for row in rows]


def machine() -> dict[str, object]:
    model = next((v for k, _, v in _cpuinfo() if k.strip() == "model name"), platform.processor()).strip()
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "date": date.today().isoformat(),
    }


def _cpuinfo() -> list[tuple[str, str, str]]:
    path = Path("/proc/cpuinfo")
    return [line.partition(":") for line in path.read_text().splitlines()] if path.exists() else []


def seconds(value: float) -> str:
    """Three digits in a fitting unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g} s"


def table(about: dict, rows: list[dict]) -> str:
    """The results as Markdown."""
    versions = ", ".join(f"{k} {v}" for k, v in about["versions"].items())
    lines = [
        "# Results",
        "",
        f"{about['date']}; {about['processor']}, {about['cores']} cores ({about['system']}), one core and one thread "
        f"used; Python {about['python']}; {versions}.",
        "",
        "CPU seconds, median of the rounds; ratio = peer / ours, median (least – greatest) of the pairs; compilation "
        "and warm-up are not in the times. Load: processes that wanted the machine's cores when the row began.",
        "",
        "| row | ours | peer | peer / ours | asked for | met | first call | peak MB | rounds | load |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        asked = [f"≥ {row['at_least']:g} × faster"] if row.get("at_least") else []
        asked += [f"≤ {row['at_most']:g} × the peer's time"] if row.get("at_most") else []
        asked += [name.replace("<=", "≤") for name in row.get("limits", {})]
        cells = [row["row"], f"{seconds(row['ours']['cpu'])} per {row['unit']}"]
        if "peer" in row:
            median, least, greatest = row["ratio"]
            digits = 2 if row.get("at_most") else 1
            cells += [seconds(row["peer"]["cpu"]), f"{median:.{digits}f} ({least:.{digits}f} – {greatest:.{digits}f})"]
            if row.get("at_most"):
                cells[-1] += f", ours / peer {1 / median:.2f}"
        else:
            cells += ["", ""]
        cells += ["; ".join(asked), "yes" if row["met"] else "**no**"]
        cells += [seconds(row["compile_seconds"]) if "compile_seconds" in row else ""]
        cells += [
            f"{row['peak_megabytes']:.0f}" if row.get("peak_megabytes") else "",
            str(row["rounds"]),
            str(row["load"]),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    lines.append("")
    for row in rows:
        apart = f" (largest relative difference {row['agreement']:.0e})" if "agreement" in row else ""
        lines.append(f"- **{row['row']}**: {row['note']}{apart}.")
    return "\n".join(lines) + "\n"


def main(wanted: list[str]) -> None:
    """Run what is wanted and write both files anew."""
    file = HERE / "results.json"
    known = json.loads(file.read_text())["rows"] if wanted and file.exists() else []
    rows: list[dict] = []
    for script in SCRIPTS:
        if not wanted or script[0] in wanted:
            print(" ".join(script), "...", file=sys.stderr, flush=True)
            rows += rows_of(script)
        else:
            rows += [row for row in known if row["script"] == " ".join(script)]
    about = machine()
    file.write_text(json.dumps({"machine": about, "rows": rows}, indent=1) + "\n")
    text = table(about, rows)
    (HERE / "results.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main(sys.argv[1:])
