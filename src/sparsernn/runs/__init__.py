"""Runs on disk: every file under a hash, checkpoints, one writer at a time, what a damaged file leads to."""
