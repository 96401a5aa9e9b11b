"""The figures of a report, each with its title, what is to be seen in it, and how to draw it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import plotly.graph_objects as go

from sparsernn.errors import Undefined
from sparsernn.report import beside
from sparsernn.report.figures import (
    attractor,
    curves,
    degrees,
    graph,
    history,
    horizons,
    importance,
    mask,
    overlay,
    power_spectrum,
    watch,
)
from sparsernn.report.runs import RunComparison, Training, described_watch
from sparsernn.report.subject import Subject
from sparsernn.report.verdict import best, last_groups

MOST_NETWORKS = 6


class Panel(NamedTuple):
    """`name` is a file name and an id; `caption` plain text. `draw` and `picture` are None where there is nothing to
    draw; the caption then says why."""

    name: str
    title: str
    caption: str
    draw: Callable[[], go.Figure] | None
    picture: Callable[[Path], None] | None


def shown_networks(comparison: RunComparison) -> list[Training]:
    """Those that are looked at one by one: the last round of each label for its first seed, then the dense beginnings;
    at most six, with weights on disk."""
    ends: dict[str, Training] = {}
    for line in comparison.lines:
        with_weights = [t for t in line.trainings if not isinstance(t.remaining, Undefined)]
        if with_weights:
            ends.setdefault(line.label, with_weights[-1])
    for training in comparison.trainings:
        if not isinstance(training.remaining, Undefined):
            ends.setdefault(training.label, training)
    unique = {t.record.about["identity"]: t for t in ends.values()}
    return list(unique.values())[:MOST_NETWORKS]


def comparison_panels(comparison: RunComparison) -> list[Panel]:
    """Curves over weights left, where networks of several sizes or kinds are compared."""
    if len(comparison.trainings) < 2:
        return []
    found = curves.numbers(comparison)
    if isinstance(found, Undefined):
        return []
    several = len(comparison.seeds) > 1
    caption = "Each step to the right has fewer weights (logarithmic axis). "
    caption += (
        "Points are means over seeds, bars run from the lowest to the highest seed. " if several else "One seed. "
    )
    caption += "Dotted: what the numbers are to be held against."
    caption += " Runs are set a little apart." if len(comparison.labels) > 1 else ""
    return [_panel("curves", "Fewer and fewer weights", caption, curves, found)]


def horizon_panel(comparison: RunComparison, subjects: Sequence[Subject]) -> list[Panel]:
    """How far ahead the best network and the baselines predict; nothing where no baselines were taken."""
    ends, found = last_groups(comparison), beside.baselines(comparison.trainings)
    if not found or not ends:
        return []
    groups = [best(comparison) or ends[0]]
    lyapunov = lyapunov_steps(groups[0].trainings[0], subjects)
    networks = dict(zip(horizons.named([g.label for g in groups]), (g.trainings[0].test for g in groups), strict=True))
    drawn = horizons.numbers(networks, {b.title: b.numbers for b in found}, lyapunov)
    seed = f", seed {groups[0].trainings[0].seed}" if len(comparison.seeds) > 1 else ""
    caption = (
        f"Mean squared error of predictions from many points of the test stretch, of the best network "
        f"({groups[0].label}{seed}) and of models fitted in seconds. Below the mean and the last value something is "
        "predicted. Both axes are logarithmic."
    )
    return [_panel("horizons", "How far ahead it predicts", caption, horizons, drawn)]


def lyapunov_steps(training: Training, subjects: Sequence[Subject]) -> float | None:
    """Steps of a Lyapunov time of the true system, where it and the sampling interval are known."""
    for subject in subjects:
        signals = subject.signals
        if not isinstance(signals, Undefined) and signals.time != "steps":
            return beside.lyapunov_steps(training, signals.dt)
    return None


def network_panels(subject: Subject, points: int = attractor.POINTS) -> list[Panel]:
    """Everything about one network."""
    return [*_of_signals(subject, points), *_of_wiring(subject), *_of_training(subject)]


def _panel(name: str, title: str, caption: str, module: Any, numbers: Any) -> Panel:
    if isinstance(numbers, Undefined):
        return Panel(name, title, f"Not drawn: {numbers}.", None, None)
    return Panel(name, title, caption, partial(module.draw, numbers), partial(module.picture, numbers))


def _of_signals(subject: Subject, points: int) -> list[Panel]:
    signals = subject.signals
    if isinstance(signals, Undefined):
        return []
    orbit, series, power = attractor.numbers(signals, points), overlay.numbers(signals), power_spectrum.numbers(signals)
    orbits = ""
    if isinstance(orbit, attractor.Attractor):
        orbits = (
            f"{len(orbit.data):,} consecutive rows of the test stretch beside as many steps of a free run from one of "
            f"its points, transient dropped; {orbit.how}. Axes are those of the data."
        )
        orbits += " Drag to rotate: both turn together." if len(orbit.axes) == 3 else ""
    more = f" The first {len(series.names)} of {series.columns} columns." if series.columns > len(series.names) else ""
    shapes = "The free run is no forecast: of a chaotic system it can keep the shapes and rhythms, not the timing."
    powers = (
        f"Share of the power in each frequency bin, smoothed over {power.sigma:.3g} bins ({power.bandwidth:.3g} "
        f"{power.unit}), up to the frequency that holds 99.9 % of the power of the data."
    )
    undefined = "".join(f" No spectrum: {reason}." for reason in power.undefined)
    return [
        _panel("attractor", "Attractor", orbits, attractor, orbit),
        _panel("series", "Time series", shapes + more, overlay, series),
        _panel("power_spectrum", "Power spectra", powers + more + undefined, power_spectrum, power),
    ]


def _of_wiring(subject: Subject) -> list[Panel]:
    found: list[Panel] = []
    if subject.matrices:
        image = mask.numbers(subject.matrices)
        pooled = max(p.pooled for p in image.panels)
        caption = "Each weight at its place: rows are the units it leads to, columns the units it comes from."
        if any(p.order == "degree" for p in image.panels):
            caption += " At the right the same with the best connected units first."
        if pooled > 1:
            caption += f" Large matrices: each pixel shows the strongest weight of {pooled} × {pooled}."
        if image.matrices > len({p.title for p in image.panels}):
            caption += f" Here {len({p.title for p in image.panels})} of {image.matrices} matrices."
        found.append(_panel("mask", "Weights", caption, mask, image))
    wiring = graph.numbers(subject.connectome, subject.observed)
    caption = ""
    if isinstance(wiring, graph.GraphFigure):
        caption = f"{wiring.note[0].upper()}{wiring.note[1:]}. Units with many connections are large; a connection, "
        caption += "read clockwise, leads from its source. "
        if len(wiring.edges) < wiring.total - wiring.loops:
            caption += f"Only the {len(wiring.edges):,} strongest of {wiring.total:,} connections are drawn. "
        if wiring.loops:
            caption += f"{wiring.loops} self-connections are not drawn. "
        caption += (
            "Placed by springs (fixed seed)."
            if wiring.layout == "springs"
            else "Placed on a circle: most connections exist."
        )
    found.append(_panel("graph", "Wiring", caption, graph, wiring))
    spread = degrees.numbers(subject.connectome)
    caption = ""
    if isinstance(spread, degrees.DegreeFigure):
        caption = f"Hubs are a tail beyond that of random graphs ({spread.nulls} with as many connections and loops)."
    found.append(_panel("degrees", "Degrees", caption, degrees, spread))
    return found


def _of_training(subject: Subject) -> list[Panel]:
    found = [
        _panel(
            "history",
            "Training",
            "Epoch by epoch. What does not change during this training is left out.",
            history,
            history.numbers(subject.record),
        )
    ]
    if subject.record.watch_entries():
        watched = watch.numbers(subject.record, described_watch(subject.record))
        caption = "" if isinstance(watched, Undefined) else watch.caption(watched)
        found.append(_panel("watch", "While it learned", caption, watch, watched))
    for i, judged in enumerate(importance.numbers(subject.record)):
        name = "importance" if i == 0 else f"importance-{i + 1}"
        caption = " ".join(importance.sentences(judged)) + " Axis linear near 0, logarithmic far out."
        found.append(_panel(name, "What a weight does, and how large it is", caption, importance, judged))
    return found
