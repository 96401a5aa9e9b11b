"""One self-contained HTML page: opens offline, asks nothing of any server, runs no script but its own two."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any, NamedTuple

import yaml
from plotly.offline import get_plotlyjs

from sparsernn.errors import SparseRNNError, Undefined
from sparsernn.report import beside, graded, markup, tables
from sparsernn.report.definitions import definitions
from sparsernn.report.document import figure, policy
from sparsernn.report.figures.style import symbols
from sparsernn.report.grade_numbers import GRADES
from sparsernn.report.panels import Panel, lyapunov_steps
from sparsernn.report.quantities import bound, quantities
from sparsernn.report.runs import RunComparison
from sparsernn.report.spread import Spread
from sparsernn.report.stamp import MADE_BY
from sparsernn.report.subject import Subject
from sparsernn.report.verdict import best, last_groups, shown_groups, verdict

OPEN_ROWS = 15


class PagePart(NamedTuple):
    """What the page shows of one task: `networks` holds the panels of each of `subjects`, `overview` those of the
    comparison as a whole."""

    comparison: RunComparison
    subjects: Sequence[Subject]
    overview: Sequence[Panel]
    networks: Sequence[Sequence[Panel]]


def page(parts: Sequence[PagePart], title: str, notes: Sequence[str] = (), so_far: str = "", stamp: str = "") -> str:
    """The whole page, one part a task. `so_far` says what is still under way (empty: nothing), `stamp` what the page
    was made from (`sparsernn.report.stamp`)."""
    scripts = [get_plotlyjs(), files("sparsernn.report").joinpath("assets/page.js").read_text(encoding="utf-8")]
    style = files("sparsernn.report").joinpath("assets/page.css").read_text(encoding="utf-8")
    noted = f'<div class="notes">{"".join(f"<p>{escape(n)}</p>" for n in notes)}</div>' if notes else ""
    waiting = f'<p class="so-far">{escape(so_far)}</p>' if so_far else ""
    links, body = "", ""
    for i, part in enumerate(parts):
        mark = f"task{i}-" if len(parts) > 1 else ""
        sections = _sections(part, mark)
        if mark:
            body += (
                f'<section id="{mark}head" class="task"><h2>{escape(part.comparison.task)}</h2>{_head(part)}</section>'
            )
            links += f'<a href="#{mark}head">{escape(part.comparison.task)}</a>'
        else:
            links += "".join(f'<a href="#{name}">{escape(title)}</a>' for name, title, _ in sections)
        level = 3 if mark else 2
        body += "".join(
            f'<section id="{name}"><h{level}>{escape(title)}</h{level}>{content}</section>'
            for name, title, content in sections
        )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="sparsernn" content="{escape(stamp)}">
<meta http-equiv="Content-Security-Policy" content="{policy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
{waiting}
{_head(parts[0]) if len(parts) == 1 else _heads(parts)}
{noted}
<noscript><p class="notes">The figures need JavaScript, which is off here; tables and text do not.</p></noscript>
<nav>{links}</nav>
</header>
<main>{body}</main>
<footer><p>{escape(_made_by(parts[0].comparison))}</p></footer>
<script>{scripts[0]}</script>
<script>{scripts[1]}</script>
</body>
</html>
"""


def _head(part: PagePart) -> str:
    """The verdict and the cards of one task."""
    return f'<div class="verdict">{_verdict(verdict(part.comparison))}</div>{_cards(part.comparison)}'


def _heads(parts: Sequence[PagePart]) -> str:
    """The first sentence of every task."""
    said = []
    for part in parts:
        grade, rest = _graded(verdict(part.comparison)[0])
        said.append(f"<p>{grade}<b>{escape(part.comparison.task)}.</b> {symbols(escape(rest))}</p>")
    return f'<div class="verdict several">{"".join(said)}</div>'


def _verdict(sentences: Sequence[str]) -> str:
    grade, first = _graded(sentences[0])
    rest = "".join(f"<p>{symbols(escape(sentence))}</p>" for sentence in sentences[1:])
    return f"<p>{grade}{symbols(escape(first))}</p>{rest}"


def _graded(sentence: str) -> tuple[str, str]:
    """The grade at the beginning of a sentence as HTML, and the rest."""
    word, colon, rest = sentence.partition(": ")
    if colon and word.lower() in GRADES:
        return f'<b class="grade {word.lower()}">{word}:</b> ', rest
    return "", sentence


# ------------------------------------------------------------------------------------------------------------ sections


def _sections(part: PagePart, mark: str = "") -> list[tuple[str, str, str]]:
    """(id, title, HTML) of those that have something to show; `mark` begins every id."""
    comparison, subjects = part.comparison, part.subjects
    results = tables.summary(comparison)
    hide = ["outcome"] if all(t.outcome.name == "finished" for t in comparison.trainings) else []
    if not any(t.round for t in comparison.trainings):
        hide.append("round")
    gone = "".join(f"<li>{symbols(escape(line))}</li>" for line in tables.missing(results))
    gone = f'<ul class="caption">{gone}</ul>' if gone else ""
    found = [("results", "Results", markup.table(results, hide) + gone)]
    grades = graded.table(comparison)
    if len(grades.rows) > 1:
        found.append(("grades", grades.title, markup.table(grades, [] if "round" not in hide else ["round"])))
    found += [
        (p.name, p.title, figure(p, f"{mark}figure-{p.name}", heading=False))
        for p in part.overview
        if p.name != "horizons"
    ]
    ahead = [p for p in part.overview if p.name == "horizons"]
    rivals = beside.table(shown_groups(comparison), comparison.trainings)
    if rivals.rows:
        intro = f'<p class="caption">{escape(beside.INTRO)}</p>'
        figures = "".join(figure(p, f"{mark}figure-{p.name}") for p in ahead)
        lyapunov = lyapunov_steps(comparison.trainings[0], subjects)
        errors = beside.errors(shown_groups(comparison), comparison.trainings, lyapunov)
        folded = _folded("All errors by horizon", errors, False) if errors.rows else ""
        found.append(("baselines", rivals.title, intro + markup.table(rivals) + figures + folded))
    gaps = tables.differences(comparison)
    if gaps.rows:
        intro = '<p class="caption">Means of paired differences over seeds, with 95 % bootstrap intervals.</p>'
        found.append(("differences", gaps.title, intro + _folded(f"{len(gaps.rows)} differences", gaps)))
    if subjects:
        title = "The network" if len(subjects) == 1 else "The networks"
        found.append(("networks", title, _networks(subjects, part.networks, mark)))
        all_numbers = tables.side_by_side([s.training for s in subjects])
        said = f"{len(all_numbers.rows)} numbers on the test stretch"
        found.append(("numbers", all_numbers.title, _folded(said, all_numbers)))
    found.append(
        ("outcomes", "Outcomes", _folded(f"{len(comparison.trainings)} trainings", tables.outcomes(comparison)))
    )
    found.append(("definitions", "What the numbers mean", _terms(definitions(comparison, list(subjects)))))
    found.append(("spec", "How to do it again", _specs(comparison)))
    return [(mark + name, title, content) for name, title, content in found]


def _folded(words: str, table: tables.Table, open: bool = True) -> str:
    opened = " open" if open and len(table.rows) <= OPEN_ROWS else ""
    return f"<details{opened}><summary>{escape(words)}</summary>{markup.table(table)}</details>"


def _networks(subjects: Sequence[Subject], networks: Sequence[Sequence[Panel]], mark: str = "") -> str:
    options = "".join(f'<option value="{i}">{escape(_named(s))}</option>' for i, s in enumerate(subjects))
    chooser = ""
    if len(subjects) > 1:
        everything = '<option value="all">all, one below the other</option>'
        chooser = f'<div class="chooser"><label>Shown: <select>{options}{everything}</select></label></div>'
    made = []
    for i, (subject, panels) in enumerate(zip(subjects, networks, strict=True)):
        figures = "".join(figure(p, f"{mark}figure-{i}-{p.name}") for p in panels)
        name = f'<h3 class="quiet">{escape(_named(subject))}</h3>'
        made.append(f'<div class="network" id="{mark}of-network-{i}"{" hidden" if i else ""}>{name}{figures}</div>')
    return f'<div class="networks">{chooser}{"".join(made)}</div>'


def _named(subject: Subject) -> str:
    t = subject.training
    return f"{t.name}: {t.remaining:,} of {t.total:,} weights"


def _terms(pairs: Sequence[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{symbols(escape(a))}</dt><dd>{symbols(escape(b))}</dd>' for a, b in pairs)}</dl>"


def _specs(comparison: RunComparison) -> str:
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


def _cards(comparison: RunComparison) -> str:
    """The network that the verdict calls the best, in large figures."""
    ends = last_groups(comparison)
    if not ends:
        return ""
    group = best(comparison) or ends[0]
    one = group.trainings[0]
    remaining = one.remaining if isinstance(one.remaining, Undefined) else f"{one.remaining:,}"
    share = (
        ""
        if isinstance(one.share, Undefined)
        else "all"
        if one.share == 1
        else f"of {one.total:,}: {100 * one.share:.3g} %"
    )
    cards = [_card(f"{group.label}: weights left" if len(ends) > 1 else "weights left", remaining, share)]
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
    bounds = [(which, bound(quantity, training, which)) for which in ("floor", "ceiling")]
    known = [(name, value) for name, value in bounds if value is not None and not isinstance(value, Undefined)]
    more = ", ".join(f"{name} {value:.3g}" for name, value in known) or quantity.unit
    gauge = ""
    if len(known) == 2 and known[1][1] > known[0][1]:
        (_, floor), (_, ceiling) = known
        place = min(1.0, max(0.0, (found.mean - floor) / (ceiling - floor)))
        gauge = f'<span class="gauge"><i style="left:{100 * place:.1f}%"></i></span>'
    return _card(quantity.name, f"{found.mean:.3g}", more, gauge)


def _made_by(comparison: RunComparison) -> str:
    try:
        version = comparison.trainings[0].record.environment()["versions"]["sparsernn"]
    except (SparseRNNError, KeyError):
        version = ""
    return f"{MADE_BY} {version}. This page needs no network; drawn by plotly.js, which it carries (MIT license)."
