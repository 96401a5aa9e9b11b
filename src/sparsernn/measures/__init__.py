"""Measures: network + weights + task to numbers. One measure one file; `base.py` is the contract."""

MEASURES = {
    "score": "sparsernn.measures.score:Score",
    "reconstruction": "sparsernn.measures.reconstruction:ReconstructionQuality",
    "baselines": "sparsernn.measures.baselines:Baselines",
    "hubs": "sparsernn.measures.hubs:Hubs",
}
