"""Under which versions, on which machine a run was made."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from typing import Any

import jax


def environment() -> dict[str, Any]:
    """Versions and machine, for the record; no user names, no paths."""
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "devices": [str(d) for d in jax.devices()],
        "versions": library_versions(),
    }


def library_versions() -> dict[str, str]:
    """Versions of what decides a run's numbers, by name."""
    names = ("sparsernn", "jax", "jaxlib", "optax", "numpy", "scipy", "numba", "safetensors")
    return {n: metadata.version(n) for n in names}
