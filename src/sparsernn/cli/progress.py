"""Telling how far a long piece of work is, as the command line does: `sparsernn.report.progress`."""

from sparsernn.report.progress import Progress, progress_bars

__all__ = ["Progress", "progress_bars"]
