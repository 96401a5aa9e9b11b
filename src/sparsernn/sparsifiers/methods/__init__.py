"""Presets: published methods as points in the space of `Pruner` and `Rewirer`, and the two that never change."""
