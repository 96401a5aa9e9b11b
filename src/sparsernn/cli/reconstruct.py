"""`sparsernn reconstruct`."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from sparsernn.cli import options
from sparsernn.cli.options import DATA, NETWORK, PRUNING, TRAINING, Mark
from sparsernn.models import CELLS
from sparsernn.sparsifiers import BY_ROUNDS

Criterion = StrEnum("Criterion", {name: name for name in BY_ROUNDS})  # type: ignore[misc]
Cell = StrEnum("Cell", {name: name for name in CELLS})  # type: ignore[misc]


def reconstruct(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="A recording (several files: stretches of one), or ecg, lorenz63, roessler.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Directory for page, figures, tables, weights and runs.")],
    workers: Annotated[int, typer.Option(min=1, help="Trainings at a time.")] = 2,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    columns: options.Columns = None,
    dt: options.Dt = None,
    variable: options.Variable = None,
    header: options.Header = None,
    decimal: options.Decimal = Mark("."),
    transpose: options.Transpose = False,
    time: options.Time = None,
    time_unit: options.TimeUnit = None,
    trial: options.Trial = None,
    gaps: options.Gaps = None,
    resample: options.Resample = False,
    detrend: Annotated[
        float | None,
        typer.Option(rich_help_panel=DATA, help="Subtract a moving mean (Gaussian, sd in rows; 0: none)."),
    ] = None,
    smooth: Annotated[
        float | None, typer.Option(rich_help_panel=DATA, help="Smooth (Gaussian, sd in rows; 0: none).")
    ] = None,
    every: Annotated[int | None, typer.Option(rich_help_panel=DATA, help="Keep every so many-th row.")] = None,
    lags: Annotated[
        str | None,
        typer.Option(rich_help_panel=DATA, help="Delays of one column: auto, none, or rows as 0,10,20."),
    ] = None,
    standardize: Annotated[
        bool, typer.Option(rich_help_panel=DATA, help="Subtract the training mean, divide by its sd.")
    ] = True,
    split: Annotated[
        str, typer.Option(rich_help_panel=DATA, help="Shares of train, validation, test, in time.")
    ] = "0.6,0.2,0.2",
    cell: Annotated[Cell, typer.Option(rich_help_panel=NETWORK, help="Recurrent cell.")] = Cell("plrnn"),
    hidden: Annotated[
        int | None, typer.Option(rich_help_panel=NETWORK, help="Hidden units. Default: from the columns.")
    ] = None,
    sequence: Annotated[
        int | None, typer.Option(rich_help_panel=TRAINING, help="Rows of a sequence. Default: from the data.")
    ] = None,
    interval: Annotated[
        int | None, typer.Option(rich_help_panel=TRAINING, help="Sparse teacher forcing every so many steps.")
    ] = None,
    alpha: Annotated[
        float | None,
        typer.Option(rich_help_panel=TRAINING, help="Generalized forcing: weight of the data. Default: 0.15."),
    ] = None,
    noise: Annotated[
        float | None, typer.Option(rich_help_panel=TRAINING, help="Noise while training, in sd. Default: 0.05.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(rich_help_panel=TRAINING, help="First learning rate, the last a fiftieth.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(rich_help_panel=TRAINING, help="Epochs of 50 updates. Default: 500.")
    ] = None,
    seeds: Annotated[int, typer.Option(rich_help_panel=TRAINING, help="How many seeds.")] = 1,
    density: Annotated[
        float, typer.Option(rich_help_panel=PRUNING, help="Share of recurrent weights kept; 1 prunes nothing.")
    ] = 0.25,
    rounds: Annotated[
        int, typer.Option(rich_help_panel=PRUNING, help="Rounds of pruning and retraining on the way.")
    ] = 2,
    criterion: Annotated[
        list[Criterion] | None,
        typer.Option(
            rich_help_panel=PRUNING,
            help="What to prune by, repeatable. Default: geometric (above 10,000 weights: activity).",
        ),
    ] = None,
    starts: Annotated[int, typer.Option(rich_help_panel=PRUNING, help="Starts a single weight is judged from.")] = 4,
) -> None:
    """Learn the system behind a recording with a recurrent network, make the network sparse, and report."""
    from dataclasses import fields

    from sparsernn.cli.pipeline import carry_out, say
    from sparsernn.cli.spoken import in_options
    from sparsernn.files.columns import columns_from_text
    from sparsernn.files.reading import Reading
    from sparsernn.studies.asked import asked, keep
    from sparsernn.studies.cost import expected
    from sparsernn.studies.recording import Wish

    names = ["out", *(field.name for kind in (Wish, Reading) for field in fields(kind))]
    named = ", ".join(Path(source).name for source in sources)
    with in_options(names, sources[0]):
        wish = Wish(
            source=sources[0] if len(sources) == 1 else tuple(sources),
            columns=columns_from_text(columns),
            reading=options.reading_from(variable, header, decimal, transpose, time, time_unit, trial, gaps, resample),
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
            criteria=tuple(c.value for c in criterion) if criterion else None,
            starts=starts,
            seeds=seeds,
        )
        found = asked(wish, out)
        for line in [*expected(found.wanted, out), *found.notes]:
            say(json, line)
        claiming = lambda: keep(found, wish, out)
        title = f"Reconstruction of {named}"
        carry_out(found.wanted, out, title, found.notes, json, workers, known=found.known, told=True, claiming=claiming)


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


def _numbers(text: str, kind: Callable[[str], Any], expected: str) -> tuple[Any, ...]:
    from sparsernn.errors import SpecError

    try:
        return tuple(kind(part) for part in text.split(","))
    except ValueError:
        raise SpecError(f'{expected}; got "{text}"') from None
