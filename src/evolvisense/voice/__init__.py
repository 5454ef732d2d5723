"""Sound becomes a description of the voice.

`activity`, `pitch`: engines. `reading`: one pass over the blocks of a stream.
`features`: statistics. `legacy`: the two means of formula v1.
"""

from evolvisense.voice.reading import VoiceReader

__all__ = ["VoiceReader"]
