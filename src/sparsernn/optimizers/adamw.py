"""Adam with weight decay."""

from __future__ import annotations

from dataclasses import dataclass

from sparsernn.optimizers.adam import Adam


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with weight decay: ``w <- w - eta (adam(g) + weight_decay w)``.

    The same as `adam` with a `weight_decay`. Source: Loshchilov & Hutter 2019, arXiv 1711.05101.
    """

    weight_decay: float | None = 0.01
