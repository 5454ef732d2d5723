"""The whole flow: `analyzer` is it on one screen; `faces_stage`, `streams`, `clock` serve it.

`live`: one live stream of pictures and sound.
"""

from evolvisense.pipeline.analyzer import Analyzer
from evolvisense.types.options import AnalysisOptions

__all__ = ["AnalysisOptions", "Analyzer"]
