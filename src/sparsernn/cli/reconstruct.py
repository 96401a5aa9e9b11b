"""`sparsernn reconstruct`."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from sparsernn.models import CELLS
from sparsernn.sparsifiers import BY_ROUNDS

Criterion = StrEnum("Criterion", {name: name for name in BY_ROUNDS})  # type: ignore[misc]
Cell = StrEnum("Cell", {name: name for name in CELLS})  # type: ignore[misc]


def reconstruct(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="A recording (.npy .npz .csv .tsv .mat .hea), or: ecg, lorenz63, roessler."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Directory for the report, figures, tables, weights and runs.")],
    columns: Annotated[str | None, typer.Option(help="Columns to use: names or numbers from 0, comma between.")] = None,
    variable: Annotated[str | None, typer.Option(help="Array to use in a .npz or .mat file.")] = None,
    dt: Annotated[float | None, typer.Option(help="Sampling interval, if the file does not say.")] = None,
    detrend: Annotated[
        float | None, typer.Option(help="Subtract a moving Gaussian mean, sd in rows (0: none).")
    ] = None,
    smooth: Annotated[float | None, typer.Option(help="Gaussian smoothing, sd in rows (0: none).")] = None,
    every: Annotated[int | None, typer.Option(help="Keep every so many-th row.")] = None,
    lags: Annotated[
        str | None,
        typer.Option(
            help="Delay embedding of one column: auto, none, or lags in rows as 0,10,20. Default: auto if N = 1."
        ),
    ] = None,
    standardize: Annotated[bool, typer.Option(help="Subtract the training mean, divide by its sd.")] = True,
    split: Annotated[
        str, typer.Option(help="Shares of train, validation, test, one after the other in time.")
    ] = "0.6,0.2,0.2",
    cell: Annotated[Cell, typer.Option(help="Recurrent network.")] = Cell("plrnn"),
    hidden: Annotated[int | None, typer.Option(help="Hidden units. Default: from the number of columns.")] = None,
    sequence: Annotated[int | None, typer.Option(help="Rows of a training sequence. Default: from the data.")] = None,
    interval: Annotated[int | None, typer.Option(help="Sparse teacher forcing every so many steps.")] = None,
    alpha: Annotated[
        float | None,
        typer.Option(help="Generalized teacher forcing: weight of the data, 0 to 1. Default: 0.15."),
    ] = None,
    noise: Annotated[float | None, typer.Option(help="Noise added while training, in sd. Default: 0.05.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="First learning rate, the last a fiftieth. Default: 5e-3.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs of 50 updates a training. Default: 500.")] = None,
    density: Annotated[
        float, typer.Option(help="Share of the recurrent weights to keep at last; 1 prunes nothing.")
    ] = 0.25,
    rounds: Annotated[int, typer.Option(help="Rounds of pruning and retraining on the way there.")] = 2,
    criterion: Annotated[
        list[Criterion] | None, typer.Option(help="What to prune by, repeatable. Default: geometric.")
    ] = None,
    starts: Annotated[int, typer.Option(help="Starts a single weight is judged from.")] = 4,
    seeds: Annotated[int, typer.Option(help="How many seeds.")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Trainings at a time.")] = 2,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Learn the system behind a recording with a recurrent network, make the network sparse, and report."""
    from sparsernn.cli.pipeline import claim, conclude, say
    from sparsernn.cli.progress import telling
    from sparsernn.files.reading import Reading
    from sparsernn.studies import criteria
    from sparsernn.studies.recording import Wish, specs

    wish = Wish(
        source=source,
        columns=None if columns is None else _columns(columns),
        reading=Reading(variable=variable),
        dt=dt,
        detrend=detrend,
        smooth=smooth,
        every=every,
        lags=_lags(lags),
        standardize=standardize,
        split=_split(split),
        cell=cell.value,
        hidden=hidden,
        sequence=sequence,
        interval=interval,
        alpha=alpha,
        noise=noise,
        learning_rate=learning_rate,
        epochs=epochs,
        density=density,
        rounds=rounds,
        criteria=tuple(c.value for c in criterion or [Criterion("geometric")]),
        starts=starts,
        seeds=seeds,
    )
    wanted, notes = specs(wish)
    store = claim(out)
    for note in notes:
        say(json, note)
    with telling(quiet=json) as tell:
        records = criteria.run_all(wanted, store, tell, workers)
    conclude(records, out, f"Reconstruction of {Path(source).name}", notes, json)


def _split(text: str) -> tuple[float, ...]:
    from sparsernn.errors import SpecError

    shares = _numbers(text, float, "--split takes three shares with commas between, as in 0.6,0.2,0.2")
    if len(shares) != 3:
        raise SpecError(f'--split takes three shares (train, validation, test), as in 0.6,0.2,0.2; got "{text}"')
    return shares


def _lags(text: str | None) -> Any:
    if text in (None, "auto", "none"):
        return text
    return _numbers(text or "", int, "--lags takes auto, none or whole numbers with commas between, as in 0,10,20")


def _columns(text: str) -> tuple[str | int, ...]:
    parts = [part.strip() for part in text.split(",")]
    return tuple(int(part) if part.isascii() and part.isdigit() else part for part in parts)


def _numbers(text: str, kind: Callable[[str], Any], expected: str) -> tuple[Any, ...]:
    from sparsernn.errors import SpecError

    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError:
        raise SpecError(f'{expected}; got "{text}"') from None
