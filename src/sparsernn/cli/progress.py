"""Telling how far a long piece of work is, as the command line does: `sparsernn.report.progress`."""

from sparsernn.report.progress import Tell, telling

__all__ = ["Tell", "telling"]
