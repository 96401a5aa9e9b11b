"""Presets: published methods as points in the space of `Pruner` and `Rewirer`, and the methods that are no such point.

A preset whose parts have fields of their own gives them in plain form, so that all their problems are told at once.
"""
