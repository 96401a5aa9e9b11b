"""What templates promise: everything is escaped, nothing is guessed, the same views are the same bytes."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from jinja2 import UndefinedError
from plotly.offline import get_plotlyjs

import sparsernn.report
from sparsernn.report.figures.look.view import View
from sparsernn.report.look_page import write_look
from sparsernn.report.markup import Cell, Column, Row, TableView
from sparsernn.report.page import Folded, Section, SpecView
from sparsernn.report.render import FigureView, render, templates

ROOM = Path(sparsernn.report.__file__).parent
HOSTILE = """</script></style></pre><img src=x onerror=alert(1)>"'& {{ 7 * 7 }} {% raise %} {# gone #} D_stsp"""


def look(path, word=HOSTILE):
    values = np.sin(0.2 * np.arange(600))[:, None]
    view = View(values, (word,), (word,), 0.1, word, (0,), 31.0, 8, False)
    warning = {"code": word, "column": word, "text": word, "try": word}
    write_look(path, word, view, [(word, word)], [warning], [word], word, word)
    return path.read_text(encoding="utf-8").replace(get_plotlyjs(), "")


def report(h, marks):
    """A page of every kind of view, each word `h`."""
    view = TableView((Column(h, "text"),), (Row((Cell(h, "", (h,)), Cell(h, outcome=h)), True),))
    drawn = FigureView("f", h, h, "{}", 100, True)
    network = {"id": "n", "name": h, "figures": [drawn]}
    section = Section(
        "s", h, h, view, [h], [drawn], True, [network, network], [(h, h)], Folded(h, view, True), [SpecView(h, h, True)]
    )
    sentence = {"grade": h, "rest": h, "task": h}
    card = {"name": h, "value": h, "more": h, "gauge": h}
    part = {"task": h, "verdict": [sentence], "cards": [card], "sections": [section]}
    given = {"title": h, "notes": [h], "so_far": h, "stamp": h, "summaries": [sentence], "made_by": h}
    page = render("report.html.j2", parts=[part | {"mark": mark} for mark in marks], **given)
    return page.replace(get_plotlyjs(), "")


class Shape(HTMLParser):
    """Elements and the names of their attributes, in order."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, [name for name, _ in attrs]))

    def handle_endtag(self, tag):
        self.found.append(tag)


def test_hostile_words_stay_words_in_every_place_of_a_look(tmp_path):
    page = look(tmp_path / "look.html")
    assert "{{ 7 * 7 }}" in page
    assert "{# gone #}" in page
    assert "D<sub>stsp</sub>" in page  # set low only after escaping
    assert Shape(page).found == Shape(look(tmp_path / "plain.html", "x D_stsp")).found


@pytest.mark.parametrize("marks", [("",), ("a-", "b-")])
def test_hostile_words_stay_words_in_every_place_of_a_report(marks):
    page = report(HOSTILE, marks)
    assert page.count("{{ 7 * 7 }}") > 20
    assert Shape(page).found == Shape(report("x D_stsp", marks)).found


def test_a_name_that_is_not_given_is_an_error():
    with pytest.raises(UndefinedError, match="title"):
        render("look.html.j2")


def test_every_template_compiles_and_python_holds_no_html():
    assert {*templates().list_templates()} >= {"base.html.j2", "macros.html.j2", "report.html.j2", "look.html.j2"}
    for name in templates().list_templates():
        templates().get_template(name)
    for file in ROOM.glob("*.py"):
        found = re.findall(r"</?(?:section|div|table|span|details|p|li|dl|pre)\b[^>]*>", file.read_text())
        assert found == [], file.name


def test_the_same_page_in_another_process_is_the_same_bytes(tmp_path):
    """Under another hash seed: no order of a set decides anything."""
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from pathlib import Path
from tests.report.test_render import look
look(Path(sys.argv[1]))
"""
    here, there = tmp_path / "here.html", tmp_path / "there.html"
    look(here)
    environment = os.environ | {"PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOM.parents[1])}
    subprocess.run([sys.executable, "-c", code, str(there)], check=True, env=environment)
    assert here.read_bytes() == there.read_bytes()
