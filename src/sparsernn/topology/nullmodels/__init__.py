"""Null models: random graphs that share stated properties with a given one."""
