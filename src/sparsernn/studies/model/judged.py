"""How good a `Model` is: its numbers, its grade, what simple models score, and the page that shows it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from sparsernn.errors import Number
from sparsernn.report.grade import Grade
from sparsernn.report.graded import of_numbers
from sparsernn.report.runs import by_task, numbers
from sparsernn.report.write import write
from sparsernn.studies.model.held import Held

BASELINES = "baselines/"


class Judged(Held):
    """The part of a `Model` that says how good it is."""

    @cached_property
    def numbers(self) -> dict[str, Number]:
        """The numbers of the test stretch, by name.

        Those of the measure `reconstruction` have their own names (``d_stsp``, ``d_h``, ``prediction_error``,
        ``d_stsp_floor``, …); those of other measures have the measure's name in front (``score/mse``). A number that
        does not exist is `Undefined`. There are none if the training did not come to its end.
        """
        found = numbers(self.record, "test")
        return {k.removeprefix("reconstruction/"): v for k, v in found.items() if not k.startswith(BASELINES)}

    @cached_property
    def verdict(self) -> Grade:
        """A grade with its reasons, from the test numbers of the network and of the baselines.

        ``verdict.grade`` is ``excellent``, ``good``, ``partial``, ``failed`` or ``undecidable``.
        """
        return of_numbers(self.outcome, numbers(self.record, "test"))

    @cached_property
    def baselines(self) -> list[dict[str, Number | str]]:
        """What models that are fitted in seconds score on the same data, one dictionary a model.

        Keys are ``name``, ``d_stsp``, ``d_h``, ``prediction_error``, ``parameters``, ``seconds`` and more. The list is
        empty if they were not taken.
        """
        found: dict[str, dict[str, Number | str]] = {}
        for key, value in numbers(self.record, "test").items():
            if key.startswith(BASELINES):
                name, _, what = key.removeprefix(BASELINES).partition("/")
                found.setdefault(name, {"name": name})[what] = value
        return list(found.values())

    def report(self, path: str | Path) -> Path:
        """Write one HTML page on all networks of this reconstruction, and return its path. It takes some seconds.

        >>> model.report("page.html").name
        'page.html'
        """
        path = Path(path)
        title = f"Reconstruction of {Path(self._prepared.source).name}"
        write(by_task(self._records), path, None, None, title, self.notes)
        return path
