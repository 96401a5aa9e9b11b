"""What taking feed-forward loops away does to a trained network, beside taking away as much of something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from sparsernn.errors import SpecError, StoreError, Undefined, nearest
from sparsernn.masks import Prunable
from sparsernn.measures.base import AbstractMeasure
from sparsernn.measures.score import Score
from sparsernn.precision import precise
from sparsernn.progress import Progress
from sparsernn.quantity import Quantity
from sparsernn.runs.record import Record
from sparsernn.studies.lesion_plans import Plans, Removed, Weighted, plans
from sparsernn.tasks.base import Split
from sparsernn.topology.signed_graph import graph_of
from sparsernn.training.run_spec import spec_of
from sparsernn.weights import get, replace


class Curve(NamedTuple):
    """A kind of lesion. `score` (orders, steps + 1): the number after none, one, two, ... removals, NaN where it does
    not exist; `removed` of the same shape: the sum of |w| that is gone by then."""

    kind: str
    score: np.ndarray
    removed: np.ndarray

    @property
    def steps(self) -> int:
        return self.score.shape[1] - 1

    def change(self, step: int) -> np.ndarray:
        """By how much the number has changed after `step` removals, (orders,)."""
        return self.score[:, step] - self.score[:, 0]


class Lesions(NamedTuple):
    """The `curves` of all kinds, of the number `quantity` on the `split`; `what` was taken away; `edges` of the network
    and the sum of their |w|, `total`."""

    curves: tuple[Curve, ...]
    quantity: Quantity
    split: Split
    source: str
    what: str
    edges: int
    total: float
    orders: int
    seed: int
    notes: tuple[str, ...]

    @property
    def intact(self) -> float:
        """The number before anything is taken away."""
        return float(self.curves[0].score[0, 0])

    def curve(self, kind: str) -> Curve:
        """The curve of a kind. SpecError if there is none."""
        for curve in self.curves:
            if curve.kind == kind:
                return curve
        raise SpecError(f'no lesions of "{kind}"{nearest(kind, [c.kind for c in self.curves])}')

    def rows(self) -> list[list[Any]]:
        """One row a step: how many were removed, then for every kind mean and sd of the number over orders."""
        longest = max(curve.steps for curve in self.curves)
        return [[step, *(_spread(c.score[:, step]) if step <= c.steps else None for c in self.curves)]
                for step in range(longest + 1)]  # fmt: skip

    @property
    def common(self) -> int:
        """The most removals that all kinds have."""
        return min(curve.steps for curve in self.curves)

    def ends(self) -> list[list[Any]]:
        """One row a kind, after `common` removals: share of all |w| that is gone, change of the number: mean, sd over
        orders."""
        at = self.common
        share = lambda c: float(c.removed[:, at].mean() / self.total) if self.total else 0.0
        return [[c.kind, share(c), *_numbers(c.change(at))] for c in self.curves]

    def to_dict(self) -> dict[str, Any]:
        """Plain values with `Undefined` among them."""
        kinds = {}
        for c in self.curves:
            columns = [(_numbers(c.score[:, k]), float(c.removed[:, k].mean())) for k in range(c.steps + 1)]
            kinds[c.kind] = {
                "mean": [mean for (mean, _), _ in columns],
                "sd": [sd for (_, sd), _ in columns],
                "removed_abs_weight": [gone for _, gone in columns],
                "change": dict(zip(("mean", "sd"), _numbers(c.change(self.common)), strict=True)),
            }
        about: dict[str, Any] = {"source": self.source, "number": self.quantity.key, "better": self.quantity.better}
        about |= {"split": self.split, "what": self.what, "intact": self.intact, "orders": self.orders}
        about |= {"change_after": self.common}
        return about | {"edges": self.edges, "abs_weight": self.total, "seed": self.seed, "kinds": kinds,
                        "notes": list(self.notes)}  # fmt: skip

    def write(self, path: str | Path) -> None:
        """One self-contained HTML page. StoreError where it cannot be written."""
        from sparsernn.studies.lesions_page import write_page

        write_page(Path(path), self)


def lesions(
    run: Record | str | Path,
    *,
    measure: AbstractMeasure | None = None,
    key: str | None = None,
    split: Split = "test",
    orders: int = 10,
    count: int | None = None,
    path: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Lesions:
    """Take feed-forward loops of a trained network away, one after another, without training it again.

    The three weights of a loop become 0. Of a network on a graph of `TangentMotifs` these are the tangent motifs, all
    of them; of any other, loops drawn anew in every order. Unbalanced ones (the product of their weights is negative)
    stand beside balanced ones, beside ones of any kind, and beside single edges matched with the unbalanced ones in
    |w| (`sparsernn.studies.lesion_plans`). A removal that was evaluated once is not evaluated again.

    Args:
        run: a run that has ended, or its directory.
        measure: what gives the number; default: the task's own `score`.
        key: which of its numbers; default: the first that leads.
        split: "test" or "validation".
        orders: random orders.
        count: loops of a kind; default: all tangent motifs, or 15.
        path: the recurrent matrix, where the network has several.
        seed: of all draws.
        progress: called while it works.

    Cost: about 4 · `orders` · `count` passes of the measure over the split; nothing is compiled anew for a removal.
    SpecError for a network without loops to take away, or of several gates; StoreError where the data have changed.

    Source: Zhang et al. 2023, doi:10.1038/s42005-023-01364-0, with controls that it lacks.
    """
    record = run if isinstance(run, Record) else Record(run)
    if isinstance(orders, bool) or not isinstance(orders, int) or orders < 1 or (count is not None and count < 1):
        raise SpecError(f"orders and count must be whole numbers of at least 1, got {orders!r} and {count!r}")
    spec = spec_of(record)
    if record.outcome.name not in ("finished", "paused", "interrupted", "diverged"):
        raise StoreError(f"{record.directory} is {record.outcome.name}; there are no weights to lesion yet")
    weights, masks = record.weights(), record.masks()
    matrix = _matrix(record.prunables(), path)
    values = np.asarray(get(weights, matrix.path))[0]
    mask = np.asarray(masks.get(matrix.path, np.ones(matrix.shape, bool)))[0]
    wired, graph = graph_of(mask.T.astype(float)), graph_of(values.T)
    planned = plans(wired, graph, count, orders, np.random.default_rng([seed, 7]))
    measure = measure or next((m for m in spec.measures if isinstance(m, Score)), Score())
    if why := measure.unsupported_reason(spec.task):
        raise SpecError(f"{type(measure).__name__} cannot be taken here: {why}")
    known = {q.key: q for q in sorted(measure.quantities_on(spec.task), key=lambda q: not q.leads)}
    key = key or next(iter(known))
    if key not in known:
        raise SpecError(f'{type(measure).__name__} gives no "{key}"{nearest(key, known)}')
    spec.task.refresh()
    if spec.task.content_hash() != record.about["data"]:
        raise StoreError(f"{record.directory} was trained on other data than {spec.task.describe()} holds now")
    done: dict[frozenset[int], float] = {}
    size = len(values)

    def number(gone: frozenset[int]) -> float:
        if gone not in done:
            left = values.copy()
            places = np.fromiter(gone, int, len(gone))
            left[places % size, places // size] = 0.0  # [target, source]
            holed = replace(weights, {matrix.path: left[None]})
            found = measure.measure(spec.network, holed, masks, spec.task, split)[key]
            done[gone] = np.nan if isinstance(found, Undefined) else float(found)
        return done[gone]

    with jax.enable_x64(spec.precision == "float64"), precise(False):
        curves = _curves(planned, Weighted(graph), size, number, progress or (lambda *_: None))
    total = float(np.abs(graph.weights).sum())
    return Lesions(
        curves, known[key], split, str(record.directory), planned.what, graph.signed.edges, total, orders, seed,
        planned.notes,
    )  # fmt: skip


def _curves(planned: Plans, weighted: Weighted, size: int, number: Any, progress: Progress) -> tuple[Curve, ...]:
    of = sum(len(order) + 1 for orders in planned.orders.values() for order in orders)
    done, curves = 0, []
    for kind, orders in planned.orders.items():
        steps = min(len(order) for order in orders)
        score, removed = np.zeros((len(orders), steps + 1)), np.zeros((len(orders), steps + 1))
        for row, order in enumerate(orders):
            gone: frozenset[int] = frozenset()
            for step in range(steps + 1):
                if step:
                    gone |= frozenset(_places(order[step - 1], size))
                    removed[row, step] = removed[row, step - 1] + weighted.size(order[step - 1])
                score[row, step] = number(gone)
                done += 1
                progress(f"lesions: {kind}", done, of)
        curves.append(Curve(kind, score, removed))
    return tuple(curves)


def _places(edges: Removed, size: int) -> list[int]:
    """Edges (source, target) as whole numbers."""
    return (edges[:, 0] * size + edges[:, 1]).tolist()


def _matrix(prunables: tuple[Prunable, ...], path: str | None) -> Prunable:
    """The recurrent matrix that is meant. SpecError for one of several gates, or where several could be meant."""
    recurrent = [p for p in prunables if p.role == "recurrent"]
    found = [p for p in recurrent if path in (None, p.path)]
    if len(found) != 1:
        have = ", ".join(p.path for p in recurrent) or "none"
        raise SpecError(f"{'one of several matrices must be named' if not path else path + ' is none'}: path={have}")
    if found[0].gates > 1:
        raise SpecError(
            f"{found[0].path} has {found[0].gates} gates: an edge is {found[0].gates} weights, and a loop has no sign; "
            "lesions are made in cells of one matrix (rnn, plrnn, ctrnn, neural_ode)"
        )
    return found[0]


def _numbers(values: np.ndarray) -> tuple[Any, Any]:
    """Mean and sd, undefined where a value is."""
    if not np.isfinite(values).all():
        why = Undefined("the number does not exist after some removals")
        return why, why
    sd: Any = float(values.std(ddof=1)) if len(values) > 1 else Undefined("one order only")
    return float(values.mean()), sd


def _spread(values: np.ndarray) -> Any:
    mean, sd = _numbers(values)
    return mean if isinstance(mean, Undefined) else (mean, sd)
