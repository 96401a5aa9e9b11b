"""One look for all figures: what they share is said once."""

import re

import pytest
from tests.report.test_render import ROOM

from sparsernn.report.figures import style

SHARED = "gridcolor|linecolor|tickcolor|paper_bgcolor|plot_bgcolor|backgroundcolor|automargin|family|rcParams|colorway"
FIGURES = [p for p in sorted((ROOM / "figures").rglob("*.py")) if p.name != "style.py"]


@pytest.mark.parametrize("file", FIGURES, ids=lambda file: file.stem)
def test_a_figure_says_only_where_it_differs(file):
    text = file.read_text(encoding="utf-8")
    assert re.findall(rf"\b(?:{SHARED})\b", text) == []
    if "def draw(" in text:
        assert re.search(r"style\.(house|figure)\(|graph\.draw\(", text), "its own look, or that of another figure"
    if "def picture(" in text:
        assert "style.styled()" in text


def test_colors_of_a_templates_axis_are_seen():
    """Plotly draws an axis line and a grid where a figure names their color, not where its template does."""
    for axis in (style.TEMPLATE.layout.xaxis, style.TEMPLATE.layout.yaxis):
        assert axis.showline
        assert axis.showgrid


def test_a_figure_takes_the_template_and_keeps_the_sides_it_does_not_name():
    made = style.figure(300, margin={"t": 16})
    assert made.layout.template.layout.font.family == style.FONT
    assert made.layout.margin.to_plotly_json() == {"t": 16}
    assert tuple(made.layout.template.layout.colorway) == style.COLORS
