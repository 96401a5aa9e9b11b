"""Models fitted in seconds, beside the networks: tables, plain values, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from sparsernn.errors import SparseRNNError, Undefined
from sparsernn.report.grade_geometry import CLOSE, SPREAD, doubtful
from sparsernn.report.grade_numbers import Numbers, horizons
from sparsernn.report.runs import Number, Training
from sparsernn.report.tables import Group, Table
from sparsernn.report.text import short
from sparsernn.weights import flatten

PREFIX = "baselines/"
TITLES = {
    "mean": "the mean",
    "persistence": "the last value",
    "linear": "linear autoregression",
    "echo_state": "echo state network",
    "next_generation": "next-generation reservoir",
}
INTRO = (
    "The same data, cut the same way; free runs from the same points, as long and under the same definition. Fitted to "
    "the training stretch, a few settings chosen on the validation stretch. Seconds are those of fitting; of a network "
    "those of its last training. Parameters of reservoirs are those trained."
)
FITTED = ("linear", "echo_state", "next_generation")
DEFINED = ("bins", "preset")
"""Fields of both measures that define D_stsp."""
SCORES = ("d_stsp", "d_h", "prediction_error", "parameters", "seconds")


class Baseline(NamedTuple):
    """One of them: `numbers` by key, ``error_at_H`` among them."""

    name: str
    numbers: dict[str, Number]

    @property
    def title(self) -> str:
        return TITLES.get(self.name, self.name)

    def get(self, key: str) -> Number:
        return self.numbers.get(key, Undefined("not measured"))

    def d_h(self) -> Number:
        """In few words where there is none."""
        for key, why in (("collapsed", "it stands still"), ("escaped", "it leaves")):
            if isinstance(self.get("d_h"), Undefined) and self.numbers.get(key, 0.0) == 1:
                return Undefined(why)
        return self.get("d_h")

    def stands(self) -> bool:
        """Whether its free runs go on within the data's range."""
        return all(self.numbers.get(key, 0.0) == 0.0 for key in ("collapsed", "escaped"))


def baselines(trainings: Iterable[Training]) -> list[Baseline]:
    """Those of the first training that has any: they belong to the task."""
    for training in trainings:
        found: dict[str, dict[str, Number]] = {}
        for key, value in training.test.items():
            if key.startswith(PREFIX):
                name, _, number = key.removeprefix(PREFIX).partition("/")
                found.setdefault(name, {})[number] = value
        if found and (other := unlike(training)) is not None:
            for numbers in found.values():
                numbers["d_stsp"] = Undefined(f"another definition: {other}")
        if found:
            return [Baseline(name, numbers) for name, numbers in found.items()]
    return []


def unlike(training: Training) -> str | None:
    """Which fields of the measures `baselines` and `reconstruction` of a run differ, so that their D_stsp cannot be
    compared: "bins 5 against 8"; None where they are alike."""
    found = {name: _fields(training.record.spec.get("measures"), name) for name in ("reconstruction", "baselines")}
    own, theirs = found["reconstruction"], found["baselines"]
    if own is None or theirs is None:
        return None
    differing = [f for f in DEFINED if own.get(f) != theirs.get(f)]
    said = [f"{f} {_default(own.get(f))} against {_default(theirs.get(f))}" for f in differing]
    return ", ".join(said) or None


def _fields(measures: Any, name: str) -> dict[str, Any] | None:
    """Of a measure in a plain spec."""
    for one in measures or ():
        if one == name:
            return {}
        if isinstance(one, Mapping) and name in one:
            return dict(one[name] or {})
    return None


def _default(value: Any) -> Any:
    return "the default" if value is None else value


def as_dicts(trainings: Iterable[Training]) -> list[dict[str, Any]]:
    """``{name, d_stsp, d_h, prediction_error, parameters, seconds, error_at: {steps: error}}`` of each, for JSON."""
    return [
        {"name": b.name}
        | {key: b.get(key) for key in SCORES}
        | {"error_at": {str(steps): value for steps, value in horizons(b.numbers, "").items()}}
        for b in baselines(trainings)
    ]


def table(groups: Iterable[Group], trainings: Iterable[Training]) -> Table:
    """The networks of `groups`, then the baselines, one row each; no rows where there are no baselines."""
    found = baselines(trainings)
    rows: list[list[Any]] = []
    for group in groups if found else ():
        spreads = [group.spread(f"reconstruction/{key}") for key in ("d_stsp", "d_h", "prediction_error")]
        seconds = float(np.mean([t.record.seconds("round") for t in group.trainings]))
        rows.append([f"network, {group.label}", *spreads, parameters(group.trainings[0]), seconds])
    for b in found:
        rows.append(
            [
                b.title,
                b.get("d_stsp"),
                b.d_h(),
                b.get("prediction_error"),
                b.get("parameters"),
                b.get("seconds"),
            ]
        )
    columns = ["predictor", "D_stsp", "D_H", "prediction error", "parameters", "seconds"]
    return Table("baselines", "Beside models that are fitted in seconds", columns, rows)


def errors(groups: Iterable[Group], trainings: Iterable[Training], lyapunov: float | None) -> Table:
    """Prediction error by horizon, a column for each network and baseline; `lyapunov`: steps of a Lyapunov time."""
    found = baselines(trainings)
    columns = [(f"network, {g.label}", horizons(g.trainings[0].test, "reconstruction/")) for g in groups]
    columns += [(b.title, horizons(b.numbers, "")) for b in found]
    columns = [(name, by) for name, by in columns if by]
    steps = sorted({h for _, by in columns for h in by}) if found else []
    rows = [
        [h, *([h / lyapunov] if lyapunov else []), *(by.get(h, Undefined("not measured")) for _, by in columns)]
        for h in steps
    ]
    head = ["steps ahead", *(["Lyapunov times"] if lyapunov else []), *(name for name, _ in columns)]
    return Table("horizons", "Prediction error by horizon", head, rows)


def lyapunov_steps(training: Training, dt: float | None) -> float | None:
    """Steps in which neighbors of the true system part by a factor e; None where it is not known, or not chaotic."""
    true = training.test.get("reconstruction/largest_exponent_true")
    if dt is None or true is None or isinstance(true, Undefined) or true <= 0:
        return None
    return 1 / (true * dt)


def parameters(training: Training) -> int | Undefined:
    """Weights and biases of a network that are not 0."""
    try:
        return int(sum(np.count_nonzero(array) for array in flatten(training.record.weights()).values()))
    except SparseRNNError:
        return Undefined("no weights on disk yet")


def sentence(group: Group) -> list[str]:
    """Whether one of the baselines does as well in D_stsp as the networks of a group (their mean); where the data leave
    D_stsp nothing to tell, that this is so."""
    own = group.spread("reconstruction/d_stsp").mean
    floor, sd = (group.spread(f"reconstruction/{key}").mean for key in ("d_stsp_floor", "d_stsp_floor_sd"))
    found = baselines(group.trainings)
    if not found or isinstance(own, Undefined):
        return []
    if (other := unlike(group.trainings[0])) is not None:
        return [
            f"The baselines' D_stsp has another definition than the network's ({other}) and cannot be held against it: "
            "give the measure baselines the same fields."
        ]
    if any(doubtful(Numbers(training.test)) for training in group.trainings):
        return ["D_stsp says little on these data: baselines are to be held against the network by prediction error."]
    scored = [(float(value), b) for b in found if not isinstance(value := b.get("d_stsp"), Undefined)]
    standing = [(value, b) for value, b in scored if b.name not in FITTED or b.stands()]
    missing = [b for b in found if b.name in FITTED and isinstance(b.get("seconds"), Undefined)]
    without = f" Not compared: {missing[0].get('seconds')}." if missing else ""
    near = (
        0.0 if isinstance(floor, Undefined) else max(CLOSE * floor, 0.0 if isinstance(sd, Undefined) else SPREAD * sd)
    )
    if standing:
        value, one = min(standing, key=lambda pair: pair[0])
        against = f"{one.title}{_took(one)}, D_stsp {short(value)} against {short(own)}"
        if value <= own + near:
            how = "better than" if value < own - near else "as well as"
            return [f"A baseline does {how} the network: {against}.{without}"]
        if one.name in FITTED:
            return [f"No baseline does as well: the best is the {against}.{without}"]
    return [f"No baseline does as well: those that are fitted stood still, or left the range of the data.{without}"]


def _took(one: Baseline) -> str:
    seconds = one.get("seconds")
    return "" if isinstance(seconds, Undefined) or one.name not in FITTED else f" (fitted in {_seconds(seconds)})"


def _seconds(value: float) -> str:
    return "less than a second" if value < 1 else f"{value:.0f} s"
