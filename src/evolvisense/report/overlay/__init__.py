"""The recording with what was found drawn over it, or with its faces hidden, as an MP4 file.

`places`: where faces are at a time. `hiding`: what has to be unrecognisable at a time.
`painting`: a picture with both. `writing`: the file.
"""

from evolvisense.report.overlay.writing import write_overlay

__all__ = ["write_overlay"]
