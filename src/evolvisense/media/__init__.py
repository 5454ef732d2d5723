"""Files become frames and audio blocks here, and nowhere else (PyAV).

`container`: opening safely. `probe`: facts and limits. `video`: frames. `audio`: blocks.
`descriptors`: files that a sandboxed process was handed. `extent`: where the pictures begin and
end, for files whose header does not say. `pictures`: single pictures of a live stream. `encode`:
pictures and sound become a file again.
"""

from evolvisense.media.audio import decode_audio
from evolvisense.media.descriptors import DescriptorFile, descriptor_of, descriptor_path
from evolvisense.media.extent import measure_extent
from evolvisense.media.limits import MediaLimits
from evolvisense.media.probe import pixel_aspect, probe
from evolvisense.media.video import decode_video

__all__ = [
    "DescriptorFile",
    "MediaLimits",
    "decode_audio",
    "decode_video",
    "descriptor_of",
    "descriptor_path",
    "measure_extent",
    "pixel_aspect",
    "probe",
]
