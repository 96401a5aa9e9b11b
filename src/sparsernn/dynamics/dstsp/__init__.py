"""D_stsp, the distance of two attractors in state space: its definitions (`definition`), where they count (`box`), the
two estimators (`binning`, `mixture`), the distance itself (`divergence`), and a whole comparison of two series
(`comparison`). Nothing is imported here."""
