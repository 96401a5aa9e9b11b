"""How far ahead the network predicts, and how far models do that are fitted in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import plotly.graph_objects as go

from sparsernn.errors import Undefined
from sparsernn.report.figures import style
from sparsernn.report.grade_numbers import horizons
from sparsernn.report.runs import Number


class HorizonLine(NamedTuple):
    """Mean squared `errors` at `steps` ahead, both (k,); horizons without a number are left out."""

    name: str
    steps: tuple[int, ...]
    errors: tuple[float, ...]
    network: bool


class Horizons(NamedTuple):
    """`lyapunov`: steps of a Lyapunov time, None where it is not known."""

    lines: tuple[HorizonLine, ...]
    lyapunov: float | None


def numbers(
    networks: Mapping[str, Mapping[str, Number]],
    baselines: Mapping[str, Mapping[str, Number]],
    lyapunov: float | None = None,
) -> Horizons | Undefined:
    """`networks`: name to ``Training.test``; `baselines`: name to its own numbers. Errors of 0 have no place on a
    logarithmic axis and are left out."""
    given = [(name, horizons(test, "reconstruction/"), True) for name, test in networks.items()]
    given += [(name, horizons(own, ""), False) for name, own in baselines.items()]
    lines = []
    for name, by, network in given:
        kept = {h: float(v) for h, v in by.items() if not isinstance(v, Undefined) and v > 0}
        if kept:
            lines.append(HorizonLine(name, tuple(kept), tuple(kept.values()), network))
    if not any(line.network for line in lines):
        return Undefined("prediction errors by horizon were not measured")
    return Horizons(tuple(lines), lyapunov)


def _looks(found: Horizons) -> list[tuple[HorizonLine, str, str, float, int]]:
    """(line, color, dash, width, place of its marker): networks thick and in the model's color, baselines thin."""
    looks, networks, others = [], 0, 0
    for line in found.lines:
        if line.network:
            color = style.MODEL if networks == 0 else style.color(6)
            looks.append((line, color, "solid" if networks == 0 else "dash", 3.0, 0))
            networks += 1
        else:
            color = (style.QUIET, style.HUB, style.COLORS[4], style.COLORS[2], style.COLORS[3])[others % 5]
            looks.append((line, color, "dot" if others < 2 else "solid", 1.6, 1 + others))
            others += 1
    return looks


def _ticks(found: Horizons) -> list[int]:
    return sorted({h for line in found.lines for h in line.steps})


def draw(numbers: Horizons) -> go.Figure:
    """Error against steps ahead, both logarithmic; Lyapunov times as a dotted vertical line, and under the pointer."""
    made = style.figure(420, margin={"t": 84})
    for line, color, dash, width, marker in _looks(numbers):
        ahead = [f", {h / numbers.lyapunov:.2g} Lyapunov times" if numbers.lyapunov else "" for h in line.steps]
        made.add_trace(
            go.Scatter(
                x=list(line.steps),
                y=list(line.errors),
                mode="lines+markers",
                name=style.shown(line.name),
                line={"color": color, "width": width, "dash": dash},
                marker={"symbol": style.MARKERS[marker % 8], "size": 8 if line.network else 6},
                text=ahead,
                hovertemplate="%{x} steps%{text}: %{y:.3g}<extra>" + style.shown(line.name) + "</extra>",
            )
        )
    ticks = _ticks(numbers)
    made.update_xaxes(
        type="log", tickvals=ticks, ticktext=[f"{h:,}" for h in ticks], title_text="steps ahead", tickangle=0
    )
    made.update_yaxes(**style.log_axis([e for line in numbers.lines for e in line.errors]))
    made.update_yaxes(title_text="mean squared error (sd²)")
    if numbers.lyapunov and ticks[0] <= numbers.lyapunov <= ticks[-1]:
        errors = [e for line in numbers.lines for e in line.errors]
        made.add_trace(
            go.Scatter(
                x=[numbers.lyapunov] * 2,
                y=[min(errors), max(errors)],
                mode="lines+text",
                text=["one Lyapunov time ", ""],
                textposition="middle left",
                textfont=style.NOTE,
                line=style.REFERENCE,
                hoverinfo="skip",
                showlegend=False,
            )
        )
    return made


def picture(numbers: Horizons, path: Path) -> None:
    """The same as a PNG file."""
    dashes = {"solid": "-", "dash": "--", "dot": ":"}
    with style.styled():
        made = style.canvas(7.2, 4.2)
        axes = made.subplots()
        for line, color, dash, width, marker in _looks(numbers):
            axes.loglog(
                line.steps,
                line.errors,
                color=color,
                linestyle=dashes[dash],
                linewidth=0.8 * width,
                marker=style.MPL_MARKERS[marker % 8],
                markersize=5,
                label=style.written(line.name),
            )
        if numbers.lyapunov and axes.get_xlim()[0] <= numbers.lyapunov <= axes.get_xlim()[1]:
            axes.axvline(numbers.lyapunov, color=style.QUIET, linewidth=0.9, linestyle=":")
            axes.text(
                numbers.lyapunov, 0.02, "one Lyapunov time ", ha="right", fontsize=8, color=style.QUIET,
                transform=axes.get_xaxis_transform(),
            )  # fmt: skip
        ticks = _ticks(numbers)
        axes.set_xticks(ticks, [f"{h:,}" for h in ticks])
        axes.minorticks_off()
        axes.set(xlabel="steps ahead", ylabel="mean squared error (sd²)")
        made.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=3)
        style.save(made, path)


def named(labels: Sequence[str]) -> list[str]:
    """What networks are called in the legend."""
    return ["network" if len(labels) == 1 else f"network, {label}" for label in labels]
