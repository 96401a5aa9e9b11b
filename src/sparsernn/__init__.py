"""Sparse recurrent neural networks: train, prune, look at wiring and dynamics, compare."""

__version__ = "0.1.0"
