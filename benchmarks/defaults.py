"""What the defaults for recordings were chosen on: simulated series that are not reported anywhere.

``python benchmarks/defaults.py OUT [SERIES SETTING=VALUE ...]`` makes the series in OUT: a bursting neuron, a
Hindmarsh-Rose neuron without a regular rhythm, two electrocardiograms after McSharry et al. 2003 (doi
10.1109/TBME.2003.808805). It trains one dense network on one of them with today's defaults, changed as said (rate,
alpha, noise, sequence, hidden, looks). The numbers that decided are in docs/results/defaults/choice.csv; what is not
said there was as in the version before (rate 2e-3, sequences of 100 rows or a rhythm, 20 looks).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numba
import numpy as np
from scipy.ndimage import gaussian_filter1d

from sparsernn.studies.recording import Wish, specs
from sparsernn.training.run import run
from sparsernn.training.run_spec import Select

ECG = {"detrend": 360.0, "smooth": 3.0, "every": 2}
WISHES = {"neuron_a": {"smooth": 1.0}, "rose": {"smooth": 1.0}, "ecg_a": ECG, "ecg_b": ECG}
FIELDS = {"rate": ("learning_rate", float), "alpha": ("alpha", float), "noise": ("noise", float)}
FIELDS |= {"sequence": ("sequence", int), "hidden": ("hidden", int)}


@numba.njit
def bursting(rows, dt, substeps, g, tau_h, g_m, seed):
    """The bursting neuron of the reconstruction papers with other parameters: V, n, h."""
    np.random.seed(seed)  # noqa: NPY002
    v, n, h, d = -60.0 + np.random.rand(), 0.1, 0.05, dt / substeps  # noqa: NPY002
    out = np.empty((rows, 3))
    for t in range(-20_000, rows):
        for _ in range(substeps):
            s, m = 1 / (1 + 0.33 * np.exp(-0.0625 * v)), 1 / (1 + np.exp((-20 - v) / 15))
            ni, hi = 1 / (1 + np.exp((-25 - v) / 5)), 1 / (1 + np.exp((-15 - v) / 5))
            dv = -(8 * (v + 80) + 20 * m * (v - 60) + 10 * n * (v + 90) + g_m * h * (v + 90) + g * s * v) / 6
            v, n, h = v + d * dv, n + d * (ni - n), h + d * (hi - h) / tau_h
        if t >= 0:
            out[t] = (v, n, h)
    return out


@numba.njit
def hindmarsh_rose(rows, dt, substeps, current, r, seed):
    """x, y, z."""
    np.random.seed(seed)  # noqa: NPY002
    x, y, z, d = np.random.rand(), 0.0, 3.0, dt / substeps  # noqa: NPY002
    out = np.empty((rows, 3))
    for t in range(-20_000, rows):
        for _ in range(substeps):
            dx, dy, dz = y - x**3 + 3 * x * x - z + current, 1 - 5 * x * x - y, r * (4 * (x + 1.6) - z)
            x, y, z = x + d * dx, y + d * dy, z + d * dz
        if t >= 0:
            out[t] = (x, y, z)
    return out


def heart(seconds, rate, heart_rate, spread, sizes, widths, angles, seed, noise):
    """Gaussian waves on the phase of a heart beat whose period varies, one column."""
    rng, n = np.random.default_rng(seed), int(seconds * rate)
    t = np.arange(n) / rate
    slowly = 0.5 * np.sin(0.2 * np.pi * t + rng.uniform(0, 6)) + 0.7 * np.sin(0.5 * np.pi * t + rng.uniform(0, 6))
    period = 60 / heart_rate * (1 + spread * slowly)
    rng.normal(size=n)
    wander = gaussian_filter1d(rng.normal(size=n), 5 * rate)
    period *= 1 + 0.7 * spread * wander / wander.std()
    phase = np.cumsum(2 * np.pi / period / rate) % (2 * np.pi) - np.pi
    scale = np.sqrt(heart_rate / 60)
    apart = np.angle(np.exp(1j * (phase[:, None] - np.deg2rad(angles) * np.sqrt(scale))))
    waves = -(np.array(sizes) * apart * np.exp(-(apart**2) / (2 * (np.array(widths) * scale) ** 2))).sum(axis=1)
    drive, base = waves * (2 * np.pi / period), 0.15 * np.sin(0.5 * np.pi * t)
    out, x = np.empty(n), 0.0
    for i in range(n):
        x += (drive[i] - (x - base[i])) / rate
        out[i] = x
    return (out + noise * out.std() * rng.normal(size=n))[:, None]


def noisy(values, level, seed):
    """Standardized, with white noise of so many sd."""
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    return values + level * np.random.default_rng(seed).normal(size=values.shape)


def make(out):
    """The series as files; what is there stays."""
    first = ([1.2, -5, 30, -7.5, 0.75], [0.25, 0.1, 0.1, 0.1, 0.4], [-70, -15, 0, 15, 100])
    second = ([2.0, -2, 18, -12, 1.6], [0.22, 0.12, 0.12, 0.12, 0.35], [-65, -14, 0, 16, 95])
    made = {
        "neuron_a": lambda: noisy(bursting(100_000, 0.5, 50, 10.0, 150.0, 25.0, 1), 0.1, 1),
        "rose": lambda: noisy(hindmarsh_rose(100_000, 0.5, 50, 3.25, 0.006, 3), 0.05, 3),
        "ecg_a": lambda: heart(300, 360, 70, 0.05, *first, 5, 0.03),
        "ecg_b": lambda: heart(300, 360, 85, 0.04, *second, 6, 0.05),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, series in made.items():
        if not (out / f"{name}.npy").exists():
            np.save(out / f"{name}.npy", series().astype(np.float32))


def main(out, name=None, *settings):
    out = Path(out)
    make(out)
    if name is None:
        return
    given = dict(setting.split("=") for setting in settings)
    fields = {FIELDS[k][0]: FIELDS[k][1](v) for k, v in given.items() if k in FIELDS}
    (spec,), notes = specs(Wish(str(out / f"{name}.npy"), density=1, **(WISHES[name] | fields)))
    if "looks" in given:
        spec = replace(spec, select=Select("d_stsp", max(1, spec.epochs // int(given["looks"]))))
    print(*notes, sep="\n")
    record = run(spec, out / "runs")
    print(name, *settings, record.outcome.name, record.measures().get("reconstruction", {}).get("test"))


if __name__ == "__main__":
    main(*sys.argv[1:])
