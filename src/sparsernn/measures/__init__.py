"""Measures: network + weights + task to numbers. One measure one file; `base.py` is the contract."""

MEASURES = {
    "score": "sparsernn.measures.score:Score",
    "reconstruction": "sparsernn.measures.reconstruction:ReconstructionQuality",
    "baselines": "sparsernn.measures.baselines:Baselines",
    "balance": "sparsernn.measures.balance:Balance",
    "hubs": "sparsernn.measures.hubs:Hubs",
    "spectral_radius": "sparsernn.measures.spectral_radius:SpectralRadius",
    "weight_distribution": "sparsernn.measures.weight_distribution:WeightDistribution",
    "lyapunov": "sparsernn.measures.lyapunov:Lyapunov",
}
