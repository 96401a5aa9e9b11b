"""The demonstration: a few minutes on two cores, everything computed, nothing canned."""

from __future__ import annotations

from sparsernn.spec import build
from sparsernn.studies import criteria
from sparsernn.training.rounds import Rounds
from sparsernn.training.run_spec import RunSpec

CRITERIA = ("geometric", "magnitude", "activity", "random")
PROPERLY = (
    "sparsernn reconstruct lorenz63 --hidden 50 --sequence 200 --epochs 2000 --rounds 13 --density 0.055 --seeds 10 "
    "--criterion geometric --criterion magnitude --criterion activity --criterion random --out lorenz63-study"
)
"""The length of arXiv 2406.04934: 20 % steps down to 5.5 %, full retraining, several seeds (not its every setting)."""
NOTE = (
    "This is a small budget (one seed, short trainings): at moderate sparsity magnitude is often as good as geometry "
    f"here, and one seed decides nothing. To ask the question properly (hours to days): {PROPERLY}"
)


def specs(rows: int = 100_000, epochs: int = 200, rounds: int = 3) -> list[RunSpec]:
    """Lorenz-63, a mean-centered PLRNN of 30 units with sparse teacher forcing, halved `rounds` times by criteria."""
    base = build(
        RunSpec,
        {
            "task": {"reconstruction": {"system": "lorenz63", "rows": rows, "sequence": 100, "noise": 0.05}},
            "network": {"plrnn": {"hidden": 30, "mean_centered": True}},
            "forcing": {"sparse_identity": {"interval": 16}},
            "optimizer": {"radam": {"learning_rate": [2e-2, 1e-4]}},
            "epochs": epochs,
            "measures": [{"reconstruction": {"starts": 4}}, "baselines", "hubs"],
            "select": {"key": "d_stsp", "every": max(1, min(20, epochs // 4))},
        },
    )
    return criteria.specs(base, CRITERIA, 0.5, Rounds(rounds), starts=4, seeds=[0])
