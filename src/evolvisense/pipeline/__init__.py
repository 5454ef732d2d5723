"""The whole flow: `analyzer` is it on one screen; `faces_stage`, `streams`, `clock` serve it.

`following` and `readers`: when a face is looked for and when it is followed. `evidence` and
`windows`: what indicators stand on, of a whole recording and of its minutes. `live`: one live
stream of pictures and sound. `overlay`: the video with what was seen drawn over it.
"""

from evolvisense.pipeline.analyzer import Analyzer
from evolvisense.types.options import AnalysisOptions

__all__ = ["AnalysisOptions", "Analyzer"]
