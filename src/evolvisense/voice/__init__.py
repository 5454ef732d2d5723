"""Sound becomes a description of the voice.

Engines: `activity`, `pitch`, `emotion` (with `mel`). One pass: `reading` (blocks in order:
`tracks`, `stream_quality`, `windows`, `levelling`), and for a voice that is speaking `live` with
`running`, its measures.
Measures: `segments`, `frames`, `periods`, `syllables`, `pauses`, `recording`, `speakers`;
`measures` makes statistics of them, `features` the report's and `samples` the bootstrap's.
`legacy`: the two means of formula v1.
"""

from evolvisense.voice.live import LiveVoice, LiveVoiceUpdate
from evolvisense.voice.reading import VoiceReader

__all__ = [
    "LiveVoice",
    "LiveVoiceUpdate",
    "VoiceReader",
]
