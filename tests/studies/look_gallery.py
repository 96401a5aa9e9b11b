"""Series to look at, clean ones and ones with a fault each, and the codes that `look` is to find in them.

As a script: ``python tests/studies/look_gallery.py [NAME ...]`` looks at all of them and prints a line each.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d


class Case(NamedTuple):
    """`make` returns values (T, N) or (values, starts); `codes` must be found, `allowed` may be, no other."""

    make: Callable[[], object]
    codes: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()


CASES: dict[str, Case] = {}


def case(name: str, codes: str = "", allowed: str = "") -> Callable[[Callable[[], object]], Callable[[], object]]:
    def put(make: Callable[[], object]) -> Callable[[], object]:
        CASES[name] = Case(make, frozenset(codes.split()), frozenset(allowed.split()))
        return make

    return put


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def flow(f, y0, dt, rows, skip=0):
    """Runge-Kutta of order 4, one step a row."""
    y, out = np.array(y0, float), np.empty((rows, len(y0)))
    for i in range(-skip, rows):
        a = f(y)
        b = f(y + dt / 2 * a)
        c = f(y + dt / 2 * b)
        d = f(y + dt * c)
        y = y + dt / 6 * (a + 2 * b + 2 * c + d)
        if i >= 0:
            out[i] = y
    return out


def lorenz(rows=10_000, dt=0.02):
    return flow(
        lambda y: np.array([10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]]),
        (1, 1, 20),
        dt,
        rows,
        1000,
    )


def roessler(rows=10_000, dt=0.08):
    return flow(
        lambda y: np.array([-y[1] - y[2], y[0] + 0.2 * y[1], 0.2 + y[2] * (y[0] - 5.7)]), (1, 1, 0), dt, rows, 3000
    )


def lorenz96(rows=6000, n=10, dt=0.05):
    return flow(
        lambda y: (np.roll(y, -1) - np.roll(y, 2)) * np.roll(y, 1) - y + 8, 8 + rng().normal(size=n), dt, rows, 500
    )


def logistic(r, rows=5000, seed=0.3):
    x = np.empty(rows + 2000)
    x[0] = seed
    for i in range(len(x) - 1):
        x[i + 1] = r * x[i] * (1 - x[i])
    return x[2000:]


def henon(rows=5000, a=1.4, b=0.3):
    x = np.empty((rows + 500, 2))
    x[0] = 0.1, 0.1
    for i in range(len(x) - 1):
        x[i + 1] = 1 - a * x[i, 0] ** 2 + x[i, 1], b * x[i, 0]
    return x[500:]


def ar(phi, rows, seed=0):
    e = rng(seed).normal(size=rows + 1000)
    x = np.zeros(len(e))
    for i in range(1, len(e)):
        x[i] = phi * x[i - 1] + e[i]
    return x[1000:]


def pink(rows, seed=0, power=1.0):
    f = np.fft.rfftfreq(rows)
    f[0] = f[1]
    spectrum = (rng(seed).normal(size=len(f)) + 1j * rng(seed + 1).normal(size=len(f))) / f ** (power / 2)
    return np.fft.irfft(spectrum, rows)


def stored(name, columns=slice(None), rows=slice(None)):
    path = Path(os.environ.get("SPARSERNN_DATA", "no such place")) / "dsr" / name
    return np.load(path)[rows, columns].astype(float)


# clean: nothing must be found ---------------------------------------------------------------------

case("lorenz63")(lorenz)
case("lorenz63, one column")(lambda: lorenz()[:, :1])
case("lorenz63, 2,500 rows")(lambda: lorenz(2500))
case("lorenz63, noise 0.1")(lambda: lorenz() + 0.1 * lorenz().std(0) * rng().normal(size=(10_000, 3)))
case("lorenz63, finely sampled")(lambda: lorenz(50_000, 0.004))
case("roessler")(roessler)
case("roessler, one column")(lambda: roessler()[:, :1])
case("roessler, noise 0.1")(lambda: roessler() + 0.1 * roessler().std(0) * rng().normal(size=(10_000, 3)))
case("lorenz96")(lorenz96)
case("lorenz96, one column")(lambda: lorenz96()[:, :1])
case("lorenz96, 20 columns")(lambda: lorenz96(8000, 20))
case("henon")(henon)
case("henon, one column")(lambda: henon()[:, :1])
case("logistic map, chaotic")(lambda: logistic(3.9))
case("logistic map, r = 4")(lambda: logistic(3.999))
case("logistic map, noise 0.1")(lambda: logistic(3.9) + 0.1 * logistic(3.9).std() * rng().normal(size=5000))
case("mackey-glass")(lambda: mackey_glass())
case("trials of lorenz63")(
    lambda: (np.concatenate([lorenz(4000)[i * 1000 : i * 1000 + 800] for i in range(4)]), (0, 800, 1600, 2400))
)
case("stored lorenz63")(lambda: stored("lorenz63_test.npy"))
case("stored lorenz63, noise")(lambda: stored("lorenz63_on0.05_train.npy"))
case("stored roessler")(lambda: stored("rossler.npy"))
case("stored lorenz96")(lambda: stored("lorenz96_test.npy"))
case("stored neuron", "periodic")(lambda: stored("burstingneuron_train.npy"))
case("stored ECG, 5 delays")(lambda: stored("ECG_pecuzal_5d_train.npy"))


def mackey_glass(rows=8000, tau=17, dt=0.1, every=5):
    n = rows * every + 20_000
    d = int(tau / dt)
    x = np.full(n + d, 1.2)
    for i in range(d, n + d - 1):
        x[i + 1] = x[i] + dt * (0.2 * x[i - d] / (1 + x[i - d] ** 10) - 0.1 * x[i])
    return x[-rows * every :: every]


@case("ECG shipped", allowed="missing")
def ecg():
    from sparsernn.files.example import example_recording

    return example_recording("ecg").values


@case("ECG MIT-BIH", allowed="few_levels")
def mitbih():
    from sparsernn.files.series import read_series

    return read_series(Path(os.environ.get("SPARSERNN_DATA", "no such place")) / "ecg" / "100.hea").values[:100_000]


@case("ECG MIT-BIH, prepared")
def prepared():
    """As `reconstruct` prepares it: narrow beats of unlike spacing, smoothed until they look the same backward."""
    lead = mitbih()[:, 0]
    return gaussian_filter1d(lead - gaussian_filter1d(lead, 360), 3)[::2]


case("EEG", "wide", allowed="nonstationary noise_only")(lambda: stored("EEG_train.npy"))

# periodic -----------------------------------------------------------------------------------------

t = np.arange(6000)
case("sine", "periodic")(lambda: np.sin(0.05 * t))
case("sine and cosine, noise 0.1", "periodic")(
    lambda: np.stack([np.sin(0.05 * t), np.cos(0.05 * t)], 1) + 0.1 * rng().normal(size=(6000, 2))
)
case("van der Pol", "periodic")(
    lambda: flow(lambda y: np.array([y[1], 3 * (1 - y[0] ** 2) * y[1] - y[0]]), (1, 0), 0.05, 6000, 1000)
)
case("logistic map, period 4", "periodic")(lambda: logistic(3.5))
case("logistic map, period 3", "periodic")(lambda: logistic(3.83))
case("henon, period 4", "periodic")(lambda: henon(3000, 1.0, 0.3))
case("tide", "periodic")(
    lambda: sum(a * np.sin(2 * np.pi * t / p) for a, p in ((1, 12.42), (0.46, 12.0), (0.2, 25.82), (0.3, 23.93)))
)
case("two frequencies", "periodic")(lambda: np.sin(0.1 * t) + 0.7 * np.sin(0.1 * np.sqrt(2) * t))
case("roessler, period 1", "periodic")(
    lambda: flow(
        lambda y: np.array([-y[1] - y[2], y[0] + 0.2 * y[1], 0.2 + y[2] * (y[0] - 2.3)]), (1, 1, 0), 0.1, 6000, 5000
    )
)

# noise --------------------------------------------------------------------------------------------

case("white noise", "noise_only")(lambda: rng().normal(size=5000))
case("white noise, 3 columns", "noise_only")(lambda: rng().normal(size=(20_000, 3)))
case("uniform noise", "noise_only")(lambda: rng().random(3000))
case("noise with heavy tails", "noise_only", allowed="outliers")(lambda: rng().standard_t(3, 4000))
case("skewed noise", "noise_only")(lambda: rng().exponential(size=4000))
case("AR(1), 0.5", "noise_only")(lambda: ar(0.5, 5000))
case("AR(1), 0.95", "noise_only")(lambda: ar(0.95, 20_000))
case("AR(1), 0.9, cubed", "noise_only", allowed="outliers")(lambda: ar(0.9, 10_000) ** 3)
case("smoothed noise", "noise_only")(lambda: gaussian_filter1d(rng().normal(size=20_000), 10))
case("pink noise", "noise_only", allowed="nonstationary")(lambda: pink(16_384))
case("moving average", "noise_only")(lambda: np.convolve(rng().normal(size=6000), np.ones(8), "valid"))
case("a noise column beside lorenz63", "noise_only")(lambda: np.column_stack([lorenz(), rng().normal(size=10_000)]))

# not stationary -----------------------------------------------------------------------------------

walk = "noise_only periodic too_short"
case("random walk", "nonstationary", allowed=walk)(lambda: np.cumsum(rng().normal(size=5000)))
case("random walk, another", "nonstationary", allowed=walk)(lambda: np.cumsum(rng(7).normal(size=(20_000, 2)), axis=0))
case("circle with a trend", "nonstationary")(
    lambda: np.stack([np.sin(0.05 * t) + 0.002 * t, np.cos(0.05 * t) + 0.002 * t], 1)
)
case("lorenz63 with a trend in y", "nonstationary")(
    lambda: lorenz() + np.array([0, 1, 0]) * np.linspace(0, 50, 10_000)[:, None]
)
case("CO2", "nonstationary", allowed="too_short")(
    lambda: (
        315
        + 1.3e-1 * np.arange(720)
        + 5e-5 * np.arange(720) ** 2
        + 3 * np.sin(2 * np.pi * np.arange(720) / 12)
        + 0.3 * rng().normal(size=720)
    )
)
case("unwrapped angle", "nonstationary", allowed="periodic")(
    lambda: 0.05 * t + 0.3 * np.sin(0.11 * t) + 0.2 * np.sin(0.0311 * t)
)
case("step of the mean", "nonstationary")(lambda: lorenz()[:, :1] + 40 * (np.arange(10_000)[:, None] > 4500))
case("step of the variance", "nonstationary")(lambda: lorenz() * np.where(np.arange(10_000) > 5000, 3, 1)[:, None])
case("noise whose mean moves", "nonstationary", allowed="noise_only")(lambda: rng().normal(size=6000) + 3 * (t > 3000))

# others -------------------------------------------------------------------------------------------

case("spikes 0/1", "spikes", allowed="noise_only")(lambda: (rng().random(5000) < 0.05) * 1.0)
case("counts, mostly 0", "spikes", allowed="noise_only few_levels")(lambda: rng().poisson(0.1, (5000, 2)) * 1.0)
case("short", "too_short")(lambda: lorenz(60, 0.1))
case("short, one column", "too_short")(lambda: lorenz(300, 0.1)[:, :1])
case("few periods", "too_short", allowed="periodic nonstationary")(lambda: roessler(500, 0.05))
case("wide", "wide")(lambda: lorenz96(8000, 40) @ rng().normal(size=(40, 128)))
case("8 levels", "few_levels")(lambda: np.floor(4 * lorenz()[:, 0] / 20))
case("16 levels, roessler", "few_levels")(lambda: np.round(roessler()[:, :2] / 1.5))
case("clipped", "few_levels")(lambda: np.clip(lorenz(), -12, 30))
case("clipped above", "few_levels")(lambda: np.minimum(roessler()[:, 0], 7))
case("fill -9999", "outliers", allowed="flat")(lambda: filled(lorenz(), -9999))
case("fill 9.97e36", "outliers", allowed="flat")(lambda: filled(lorenz(), 9.96921e36))
case("fill 1.8e308", "outliers", allowed="flat")(lambda: filled(lorenz(), 1.7976931348623157e308))
case("one row of 1e5", "outliers")(lambda: filled(lorenz(), 1e5, [4321]))
case("too small for squares", "outliers")(lambda: lorenz() * 1e-200)
case("a block twice", "duplicates")(lambda: np.concatenate([lorenz()[:6000], lorenz()[2000:3000], lorenz()[6000:]]))
case("rows held", "duplicates")(lambda: np.repeat(lorenz(4000, 0.06), 3, axis=0))
case("a column twice", "duplicates")(lambda: lorenz()[:, [0, 1, 2, 1]])
case("a column in another unit", "duplicates")(lambda: np.column_stack([lorenz(), 32 + 1.8 * lorenz()[:, 2]]))
case("sensor dropout", "flat")(lambda: dropped(lorenz()))
case("pauses of one column", "flat")(lambda: dropped(roessler(), ((1000, 1200), (5000, 5100)), slice(0, 1)))
case("a constant column", "flat")(lambda: np.column_stack([lorenz(), np.full(10_000, 3.0)]))
case("gaps", "missing")(lambda: filled(lorenz(), np.nan, slice(3000, 3200)))


def filled(values, fill, rows=slice(900, None, 1000)):
    values = values.copy()
    values[rows] = fill
    return values


def dropped(values, where=((4000, 4300),), columns=slice(None)):
    values = values.copy()
    for a, b in where:
        values[a:b, columns] = values[a, columns]
    return values


def main(names: list[str]) -> None:
    from sparsernn.dynamics.oddities.check import oddities

    for name, (make, codes, allowed) in CASES.items():
        if names and not any(n in name for n in names):
            continue
        made = make()
        values, starts = made if isinstance(made, tuple) else (made, (0,))
        began = time.perf_counter()
        found = oddities(values, starts)
        took = time.perf_counter() - began
        got = {o.code for o in found}
        right = codes <= got <= codes | allowed
        listed = ", ".join(dict.fromkeys(o.code for o in found)) or "-"
        print(f"{'  ' if right else '! '}{name:32} {took:5.2f} s  {listed}")
        if names or not right:
            for o in found:
                print(f"       {o.code} [{o.column}] {o.text} | {o.mend}")


if __name__ == "__main__":
    main(sys.argv[1:])
