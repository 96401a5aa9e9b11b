"""What models that are fitted in seconds score on the same task: is the network worth its training?"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Literal

import numpy as np

from sparsernn.dynamics.prediction import prediction_error
from sparsernn.errors import Undefined
from sparsernn.masks import Masks
from sparsernn.measures.base import AbstractMeasure, Number
from sparsernn.measures.free_runs import free_runs, scores
from sparsernn.measures.horizons import at_horizon, by_horizon, predictable, unknown
from sparsernn.measures.predictors import PREDICTORS
from sparsernn.measures.predictors.base import FittedStretches, Lacking, Predictor
from sparsernn.measures.predictors.library import one_thread
from sparsernn.measures.truth import truth_of
from sparsernn.models.network import Network
from sparsernn.rules import at_least
from sparsernn.tasks.base import AbstractTask, Split
from sparsernn.tasks.observed import Observed
from sparsernn.weights import Weights

FREE = ("d_stsp", "d_h", "collapsed", "escaped")
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Baselines(AbstractMeasure):
    """The mean, the last value, a linear vector autoregression, and with the extra `baselines` an echo state network
    and a next-generation reservoir, scored on the test stretch as `reconstruction` scores a network.

    They are fitted to the training stretch, hyperparameters chosen on the validation stretch (small fixed grids,
    fixed seeds). Keys, each after the name and a stroke: `d_stsp`, `d_h`, `prediction_error`, `collapsed`, `escaped`
    (free runs from the same rows as the network's, as long, under the same definition; one that diverges scores as one
    that escaped), `error_at_H` (mean squared error H steps ahead, the network's own beside it in `reconstruction`),
    `parameters` (trained numbers), `seconds` (wall clock, fitting and choosing). What cannot be had is undefined.

    The network plays no part: the numbers belong to the task, are computed once a process, and only on the test split
    (on others there are none). Cost: about 15 s for 60,000 rows of three columns on one core.
    """

    starts: int = 4
    horizon: int = 20
    bins: int | None = None
    preset: Literal["hemmer2024"] | None = None

    rules = (at_least(1, "starts"), at_least(1, "horizon"), at_least(2, "bins"))

    def unsupported_reason(self, task: AbstractTask) -> str | None:
        return None if isinstance(task, Observed) else "it needs an observed task, as reconstruction"

    def measure(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Number]:
        assert isinstance(task, Observed)
        if split != "test":
            return {}
        with _one_at_a_time, one_thread():  # trainings side by side want the same numbers
            return dict(_taken(self, task, task.load().sha256))


@lru_cache(maxsize=16)
def _taken(measure: Baselines, task: Observed, sha256: str) -> dict[str, Number]:
    """`sha256`: of the data, so that others in the same file are other data."""
    recording = task.load()
    mean, scale = recording.train.mean(axis=0), recording.train.std(axis=0)
    train, validation, test = (
        FittedStretches(
            (np.asarray(getattr(recording, split), dtype=float) - mean) / scale, tuple(recording.starts[split])
        )
        for split in ("train", "validation", "test")
    )
    truth = truth_of(task, "test", measure.preset, measure.bins)
    values, columns = truth.values, unknown(recording.lags)
    found: dict[str, Number] = {}
    for name, place in PREDICTORS.items():
        began = time.perf_counter()
        try:
            module, _, kind = place.partition(":")
            fitted = getattr(import_module(module), kind).fit(train, validation)
        except Lacking as lacking:
            why = Undefined(str(lacking))
            found |= {f"{name}/{key}": why for key in ("d_stsp", "d_h", "prediction_error", "parameters", "seconds")}
            continue
        seconds = time.perf_counter() - began

        def ahead(rows: np.ndarray, steps: int, model: Predictor = fitted) -> np.ndarray:
            return model.run(test, rows, steps) * scale + mean

        runs = free_runs(values, truth.starts, measure.starts, truth.trials, ahead)
        taken = {key: value for key, value in scores(truth, runs).items() if key in FREE}
        taken["prediction_error"] = _error(measure, ahead, values, test.starts, columns)
        taken |= by_horizon(values, test.starts, ahead, columns)
        taken |= {"parameters": int(fitted.parameters), "seconds": seconds}
        found |= {f"{name}/{key}": value for key, value in taken.items()}
    return found


def _error(measure: Baselines, ahead, values: np.ndarray, starts: tuple[int, ...], columns: slice) -> Number:
    rows = predictable(len(values), starts, measure.horizon, 2000)
    if not len(rows):
        return Undefined(f"the stretch is shorter than the horizon of {measure.horizon} steps")
    predicted, true = ahead(rows, measure.horizon)[-1:].swapaxes(0, 1), values[rows + measure.horizon][:, None]
    return at_horizon(prediction_error(predicted[..., columns], true[..., columns])[0], measure.horizon)
