"""`sparsernn generate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def generate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a finished reconstruction.")],
    steps: Annotated[int, typer.Option("--steps", min=1, max=100_000_000, help="How many steps to run freely.")],
    out: Annotated[Path, typer.Option("--out", help="File to write: .npy or .csv, (steps, columns).")],
    start: Annotated[int, typer.Option("--start", min=0, help="Row of the test stretch to begin from.")] = 0,
    standardized: Annotated[
        bool, typer.Option("--standardized", help="Keep the network's units, not the file's.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Let a trained network run freely from a point of its test data, and write what it does."""
    import csv
    import io

    import jax
    import jax.numpy as jnp
    import numpy as np

    from sparsernn.cli.output import print_json
    from sparsernn.errors import SpecError
    from sparsernn.files.atomic import write_array, write_text
    from sparsernn.tasks.reconstruction import Reconstruction
    from sparsernn.training.run_spec import spec_of
    from sparsernn.training.store import Record

    if out.suffix not in (".npy", ".csv"):
        raise SpecError(f"--out {out}: the name must end in .npy or .csv")
    record = Record(run)
    spec = spec_of(record)
    if not isinstance(spec.task, Reconstruction):
        raise SpecError(f"{run} was trained on {type(spec.task).__name__}; only a reconstructed system runs freely")
    if isinstance(spec.task.file, str) and out.resolve() == Path(spec.task.file).resolve():
        raise SpecError(f"--out {out} is the recording itself; give another name")
    recording = spec.task.load()
    if start >= len(recording.test):
        raise SpecError(f"--start {start}: the test stretch has {len(recording.test)} rows")
    with jax.enable_x64(spec.precision == "float64"):
        weights = jax.tree.map(jnp.asarray, record.weights())
        states = spec.network.start(weights, jnp.asarray(recording.test[start], dtype=float))
        values = np.asarray(spec.network.run(weights, states, steps).outputs, dtype=float)
    if not standardized:
        values = values * recording.scale + recording.mean
    if out.suffix == ".npy":
        write_array(out, values)
    else:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(recording.names)
        writer.writerows([f"{v:.9g}" for v in row] for row in values)
        write_text(out, text.getvalue())
    about = {"out": str(out), "shape": list(values.shape), "columns": list(recording.names), "dt": recording.dt}
    if json:
        print_json(about | {"finite": bool(np.isfinite(values).all())})
    else:
        typer.echo(f"{out}: {values.shape[0]:,} steps of {', '.join(recording.names)}")
        if not np.isfinite(values).all():
            typer.echo("sparsernn: the run overflows: some values are not finite", err=True)
