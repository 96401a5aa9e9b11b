"""The page of a report: opens offline, asks nothing of any server, runs no script but its own two.

Here its content is put together as plain views; `templates/report.html.j2` makes HTML of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import yaml

from sparsernn.errors import SparseRNNError
from sparsernn.report import beside, graded, tables
from sparsernn.report.cards import Card, cards
from sparsernn.report.definitions import definitions
from sparsernn.report.grade_numbers import GRADES
from sparsernn.report.markup import TableView, table
from sparsernn.report.panels import Panel, lyapunov_steps
from sparsernn.report.render import FigureView, figure, render
from sparsernn.report.runs import RunComparison
from sparsernn.report.stamp import MADE_BY
from sparsernn.report.subject import Subject
from sparsernn.report.verdict import shown_groups, verdict

OPEN_ROWS = 15
"""Folded tables of so many rows are open at first."""
GAPS = "Means of paired differences over seeds, with 95 % bootstrap intervals."


class PagePart(NamedTuple):
    """What the page shows of one task: `networks` holds the panels of each of `subjects`, `overview` those of the
    comparison as a whole."""

    comparison: RunComparison
    subjects: Sequence[Subject]
    overview: Sequence[Panel]
    networks: Sequence[Sequence[Panel]]


class Sentence(NamedTuple):
    """Of a verdict: the grade it begins with, if any, and the rest; `task` where several tasks stand together."""

    grade: str
    rest: str
    task: str = ""


class Folded(NamedTuple):
    """A table behind a line of words."""

    words: str
    table: TableView
    open: bool


class NetworkView(NamedTuple):
    """One network's figures."""

    id: str
    name: str
    figures: tuple[FigureView, ...]


class SpecView(NamedTuple):
    """A spec as YAML behind a line of words."""

    words: str
    text: str
    open: bool


class Section(NamedTuple):
    """A section, in the order in which its parts are shown."""

    id: str
    title: str
    intro: str = ""
    table: TableView | None = None
    remarks: Sequence[str] = ()
    figures: Sequence[FigureView] = ()
    headings: bool = True
    networks: Sequence[NetworkView] = ()
    terms: Sequence[tuple[str, str]] = ()
    folded: Folded | None = None
    specs: Sequence[SpecView] = ()


class PartView(NamedTuple):
    """One task; `mark` begins every id where there are several."""

    task: str
    mark: str
    verdict: tuple[Sentence, ...]
    cards: list[Card]
    sections: list[Section]


def page(parts: Sequence[PagePart], title: str, notes: Sequence[str] = (), so_far: str = "", stamp: str = "") -> str:
    """The whole page, one part a task. `so_far` says what is still under way (empty: nothing), `stamp` what the page
    was made from (`sparsernn.report.stamp`)."""
    views = [_part(part, f"task{i}-" if len(parts) > 1 else "") for i, part in enumerate(parts)]
    return render(
        "report.html.j2",
        title=title,
        notes=notes,
        so_far=so_far,
        stamp=stamp,
        parts=views,
        summaries=[view.verdict[0]._replace(task=view.task) for view in views],
        made_by=_made_by(parts[0].comparison),
    )


def _part(part: PagePart, mark: str) -> PartView:
    first, *rest = verdict(part.comparison)
    said = (_graded(first), *(Sentence("", sentence) for sentence in rest))
    return PartView(part.comparison.task, mark, said, cards(part.comparison), _sections(part, mark))


def _graded(sentence: str) -> Sentence:
    word, colon, rest = sentence.partition(": ")
    return Sentence(word, rest) if colon and word.lower() in GRADES else Sentence("", sentence)


# ------------------------------------------------------------------------------------------------------------ sections


def _sections(part: PagePart, mark: str) -> list[Section]:
    """Those that have something to show."""
    comparison, subjects = part.comparison, part.subjects
    results = tables.summary(comparison)
    hide = ["outcome"] if all(t.outcome.name == "finished" for t in comparison.trainings) else []
    if not any(t.round for t in comparison.trainings):
        hide.append("round")
    found = [Section("results", "Results", table=table(results, hide), remarks=tables.missing(results))]
    grades = graded.table(comparison)
    if len(grades.rows) > 1:
        found.append(Section("grades", grades.title, table=table(grades, [] if "round" not in hide else ["round"])))
    found += [
        Section(p.name, p.title, figures=[figure(p, f"{mark}figure-{p.name}")], headings=False)
        for p in part.overview
        if p.name != "horizons"
    ]
    found += _rivals(part, mark)
    gaps = tables.differences(comparison)
    if gaps.rows:
        found.append(Section("differences", gaps.title, GAPS, folded=_folded(f"{len(gaps.rows)} differences", gaps)))
    if subjects:
        title = "The network" if len(subjects) == 1 else "The networks"
        found.append(Section("networks", title, networks=_networks(subjects, part.networks, mark)))
        all_numbers = tables.side_by_side([s.training for s in subjects])
        said = f"{len(all_numbers.rows)} numbers on the test stretch"
        found.append(Section("numbers", all_numbers.title, folded=_folded(said, all_numbers)))
    ended = _folded(f"{len(comparison.trainings)} trainings", tables.outcomes(comparison))
    found.append(Section("outcomes", "Outcomes", folded=ended))
    found.append(Section("definitions", "What the numbers mean", terms=definitions(comparison, list(subjects))))
    found.append(Section("spec", "How to do it again", terms=_origin(comparison), specs=_specs(comparison)))
    return [section._replace(id=mark + section.id) for section in found]


def _rivals(part: PagePart, mark: str) -> list[Section]:
    """What is fitted in seconds, beside the networks."""
    comparison, groups = part.comparison, shown_groups(part.comparison)
    rivals = beside.table(groups, comparison.trainings)
    if not rivals.rows:
        return []
    ahead = [figure(p, f"{mark}figure-{p.name}") for p in part.overview if p.name == "horizons"]
    errors = beside.errors(groups, comparison.trainings, lyapunov_steps(comparison.trainings[0], part.subjects))
    folded = _folded("All errors by horizon", errors, False) if errors.rows else None
    return [Section("baselines", rivals.title, beside.INTRO, table(rivals), figures=ahead, folded=folded)]


def _folded(words: str, given: tables.Table, open: bool = True) -> Folded:
    return Folded(words, table(given), open and len(given.rows) <= OPEN_ROWS)


def _networks(subjects: Sequence[Subject], networks: Sequence[Sequence[Panel]], mark: str) -> list[NetworkView]:
    made = []
    for i, (subject, panels) in enumerate(zip(subjects, networks, strict=True)):
        t = subject.training
        name = f"{t.name}: {t.remaining:,} of {t.total:,} weights"
        figures = tuple(figure(p, f"{mark}figure-{i}-{p.name}") for p in panels)
        made.append(NetworkView(f"{mark}of-network-{i}", name, figures))
    return made


def _origin(comparison: RunComparison) -> list[tuple[str, str]]:
    """Seeds, data, versions and machine."""
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
    return pairs


def _specs(comparison: RunComparison) -> list[SpecView]:
    """The full spec of each label's first run."""
    specs = []
    for label in comparison.labels:
        record = next(line for line in comparison.lines if line.label == label).trainings[-1].record
        text = yaml.safe_dump(record.spec, sort_keys=False, allow_unicode=True, width=110)
        words = f"Spec of {label}, seed {record.spec['seed']}: save it as a .yaml file for `sparsernn run`"
        specs.append(SpecView(words, text, len(comparison.labels) == 1))
    return specs


def _made_by(comparison: RunComparison) -> str:
    try:
        version = comparison.trainings[0].record.environment()["versions"]["sparsernn"]
    except (SparseRNNError, KeyError):
        version = ""
    return f"{MADE_BY} {version}"
