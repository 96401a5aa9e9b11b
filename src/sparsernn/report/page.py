"""One self-contained HTML page: opens offline, asks nothing of any server, runs no script but its own two."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any

import plotly.graph_objects as go
import yaml
from plotly.io import to_json
from plotly.offline import get_plotlyjs

from sparsernn.errors import SparseRNNError, Undefined
from sparsernn.report import markup, tables
from sparsernn.report.definitions import definitions
from sparsernn.report.figures.style import symbols
from sparsernn.report.panels import Panel
from sparsernn.report.quantities import quantities
from sparsernn.report.runs import Comparison
from sparsernn.report.spread import Spread
from sparsernn.report.subject import Subject
from sparsernn.report.verdict import best, last_groups, verdict

NARROW = ("history", "series", "graph")
"""Figures of one column, which fit a telephone; the others may be pushed sideways there."""
OPEN_ROWS = 15
MADE_BY = "Made by sparsernn"


def page(
    comparison: Comparison,
    subjects: Sequence[Subject],
    overview: Sequence[Panel],
    networks: Sequence[Sequence[Panel]],
    title: str,
    notes: Sequence[str] = (),
) -> str:
    """The whole page. `networks` holds the panels of each of `subjects`; `overview` those of the comparison."""
    scripts = [get_plotlyjs(), files("sparsernn.report").joinpath("assets/page.js").read_text(encoding="utf-8")]
    style = files("sparsernn.report").joinpath("assets/page.css").read_text(encoding="utf-8")
    sections = _sections(comparison, subjects, overview, networks)
    links = "".join(f'<a href="#{name}">{escape(title)}</a>' for name, title, _ in sections)
    body = "".join(
        f'<section id="{name}"><h2>{escape(title)}</h2>{content}</section>' for name, title, content in sections
    )
    said = "".join(f"<p>{symbols(escape(sentence))}</p>" for sentence in verdict(comparison))
    noted = f'<div class="notes">{"".join(f"<p>{escape(n)}</p>" for n in notes)}</div>' if notes else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<div class="verdict">{said}</div>
{_cards(comparison)}
{noted}
<noscript><p class="notes">The figures need JavaScript, which is off here; tables and text do not.</p></noscript>
<nav>{links}</nav>
</header>
<main>{body}</main>
<footer><p>{escape(_made_by(comparison))}</p></footer>
<script>{scripts[0]}</script>
<script>{scripts[1]}</script>
</body>
</html>
"""


def _policy(scripts: Sequence[str]) -> str:
    """No request leaves the page, and no script runs but the ones whose hashes stand here."""
    hashes = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts)
    allowed = " ".join(f"'sha256-{h}'" for h in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


# ------------------------------------------------------------------------------------------------------------ sections


def _sections(
    comparison: Comparison, subjects: Sequence[Subject], overview: Sequence[Panel], networks: Sequence[Sequence[Panel]]
) -> list[tuple[str, str, str]]:
    """(id, title, HTML) of those that have something to show."""
    results = tables.summary(comparison)
    hide = ["outcome"] if all(t.outcome.name == "finished" for t in comparison.trainings) else []
    if not any(t.round for t in comparison.trainings):
        hide.append("round")
    gone = "".join(f"<li>{symbols(escape(line))}</li>" for line in tables.missing(results))
    gone = f'<ul class="caption">{gone}</ul>' if gone else ""
    found = [("results", "Results", markup.table(results, hide) + gone)]
    found += [(p.name, p.title, _figure(p, f"figure-{p.name}", heading=False)) for p in overview]
    gaps = tables.differences(comparison)
    if gaps.rows:
        intro = '<p class="caption">Means of paired differences over seeds, with 95 % bootstrap intervals.</p>'
        found.append(("differences", gaps.title, intro + _folded(f"{len(gaps.rows)} differences", gaps)))
    if subjects:
        found.append(
            ("networks", "The network" if len(subjects) == 1 else "The networks", _networks(subjects, networks))
        )
        beside = tables.side_by_side([s.training for s in subjects])
        found.append(("numbers", beside.title, _folded(f"{len(beside.rows)} numbers on the test stretch", beside)))
    found.append(
        ("outcomes", "Outcomes", _folded(f"{len(comparison.trainings)} trainings", tables.outcomes(comparison)))
    )
    found.append(("definitions", "What the numbers mean", _terms(definitions(comparison, list(subjects)))))
    found.append(("spec", "How to do it again", _specs(comparison)))
    return found


def _folded(words: str, table: tables.Table) -> str:
    opened = " open" if len(table.rows) <= OPEN_ROWS else ""
    return f"<details{opened}><summary>{escape(words)}</summary>{markup.table(table)}</details>"


def _networks(subjects: Sequence[Subject], networks: Sequence[Sequence[Panel]]) -> str:
    options = "".join(f'<option value="{i}">{escape(_named(s))}</option>' for i, s in enumerate(subjects))
    chooser = ""
    if len(subjects) > 1:
        everything = '<option value="all">all, one below the other</option>'
        chooser = f'<div class="chooser"><label>Shown: <select id="chosen">{options}{everything}</select></label></div>'
    made = []
    for i, (subject, panels) in enumerate(zip(subjects, networks, strict=True)):
        figures = "".join(_figure(p, f"figure-{i}-{p.name}") for p in panels)
        name = f'<h3 class="quiet">{escape(_named(subject))}</h3>'
        made.append(f'<div class="network" id="of-network-{i}"{" hidden" if i else ""}>{name}{figures}</div>')
    return chooser + "".join(made)


def _named(subject: Subject) -> str:
    t = subject.training
    return f"{t.name}: {t.left:,} of {t.total:,} weights"


def _figure(panel: Panel, name: str, heading: bool = True) -> str:
    title = f"<h3>{escape(panel.title)}</h3>" if heading else ""
    caption = f'<p class="caption">{symbols(escape(panel.caption))}</p>' if panel.caption else ""
    if panel.draw is None:
        return f'<section class="panel">{title}{caption}</section>'
    drawn = panel.draw()
    narrow = " narrow" if panel.name in NARROW else ""
    plot = (
        f'<div class="plot{narrow}" id="{name}" role="img" aria-label="{escape(panel.title)}" '
        f'style="height:{drawn.layout.height:.0f}px"></div>'
    )
    data = f'<script type="application/json" id="{name}-data">{_json(drawn)}</script>'
    return f'<section class="panel">{title}{caption}<div class="figure">{plot}</div>{data}</section>'


def _json(figure: go.Figure) -> str:
    """JSON that cannot end the data block it stands in."""
    if figure.layout.dragmode is None:
        figure.update_layout(dragmode=False)  # on a telephone a finger scrolls the page
    return str(to_json(figure, validate=False)).replace("<", "\\u003c")


def _terms(pairs: Sequence[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{symbols(escape(a))}</dt><dd>{symbols(escape(b))}</dd>' for a, b in pairs)}</dl>"


def _specs(comparison: Comparison) -> str:
    """Seeds, versions, data, and the full spec of each label's first run."""
    first = comparison.trainings[0].record
    pairs = [("seeds", ", ".join(map(str, comparison.seeds)))]
    data = {t.record.about["data"] for t in comparison.trainings}
    sources = dict.fromkeys(str(t.record.about.get("source", "not said")) for t in comparison.trainings)
    pairs.append(("data", "; ".join(sources)))
    pairs.append(("data, sha256", "; ".join(sorted(data))))
    try:
        found = [t.record.environment() for t in comparison.trainings]
        versions = ", ".join(f"{name} {version}" for name, version in found[0]["versions"].items())
        pairs.append(("versions", f"Python {found[0]['python']}, {versions}"))
        machine = f"{found[0]['platform']}, {found[0]['cores']} cores, {', '.join(found[0]['devices'])}"
        pairs.append(("machine", machine))
        pairs += [("beware", note) for note in dict.fromkeys(e["note"] for e in found if "note" in e)]
        if any(other != found[0] for other in found):
            pairs.append(
                (
                    "beware",
                    "not all trainings have the same versions and machine; these are the first one's",
                )
            )
    except (SparseRNNError, KeyError) as error:
        pairs.append(("versions", f"not known ({error})"))
    pairs.append(("format", f"{first.about['format']}"))
    specs = []
    for label in comparison.labels:
        record = next(line for line in comparison.lines if line.label == label).trainings[-1].record
        text = yaml.safe_dump(record.spec, sort_keys=False, allow_unicode=True, width=110)
        opened = " open" if len(comparison.labels) == 1 else ""
        words = f"Spec of {label}, seed {record.spec['seed']}: save it as a .yaml file for `sparsernn run`"
        specs.append(f"<details{opened}><summary>{escape(words)}</summary><pre>{escape(text)}</pre></details>")
    return _terms(pairs) + "".join(specs)


# ---------------------------------------------------------------------------------------------------------------- cards


def _cards(comparison: Comparison) -> str:
    """The network that the verdict calls the best, in large figures."""
    ends = last_groups(comparison)
    if not ends:
        return ""
    group = best(comparison) or ends[0]
    one = group.trainings[0]
    left = one.left if isinstance(one.left, Undefined) else f"{one.left:,}"
    share = (
        ""
        if isinstance(one.share, Undefined)
        else "all"
        if one.share == 1
        else f"of {one.total:,}: {100 * one.share:.3g} %"
    )
    cards = [_card(f"{group.label}: weights left" if len(ends) > 1 else "weights left", left, share)]
    for q in quantities(comparison.trainings)[:3]:
        cards.append(_quantity_card(group.spread(q.key), q, one))
    seconds = sum(t.seconds for t in comparison.trainings)
    spent = (
        f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )
    seeds = f"{len(comparison.seeds)} seed{'s' if len(comparison.seeds) > 1 else ''}"
    cards.append(
        _card(
            "computed in",
            spent,
            f"{len(comparison.trainings)} trainings, {seeds}" if len(comparison.trainings) > 1 else seeds,
        )
    )
    return f'<ul class="cards">{"".join(cards)}</ul>'


def _card(name: str, value: str, more: str = "", gauge: str = "") -> str:
    return (
        f'<li><span class="name">{symbols(escape(name))}</span><span class="value">{escape(value)}</span>'
        f'{gauge}<span class="more">{escape(more)}</span></li>'
    )


def _quantity_card(found: Spread, quantity: Any, training: Any) -> str:
    if isinstance(found.mean, Undefined):
        return _card(quantity.name, "–", f"undefined: {found.mean}")
    floor, ceiling = quantity.bound(training, "floor"), quantity.bound(training, "ceiling")
    known = [
        (n, v) for n, v in (("floor", floor), ("ceiling", ceiling)) if v is not None and not isinstance(v, Undefined)
    ]
    more = ", ".join(f"{name} {value:.3g}" for name, value in known) or quantity.unit
    gauge = ""
    if len(known) == 2 and ceiling > floor:
        place = min(1.0, max(0.0, (found.mean - floor) / (ceiling - floor)))
        gauge = f'<span class="gauge"><i style="left:{100 * place:.1f}%"></i></span>'
    return _card(quantity.name, f"{found.mean:.3g}", more, gauge)


def _made_by(comparison: Comparison) -> str:
    try:
        version = comparison.trainings[0].record.environment()["versions"]["sparsernn"]
    except (SparseRNNError, KeyError):
        version = ""
    return f"{MADE_BY} {version}. This page needs no network; drawn by plotly.js, which it carries (MIT license)."
