"""Files become frames and audio blocks here, and nowhere else (PyAV).

`container`: opening safely, choosing streams. `descriptors`: files that a sandboxed process was
handed. `probe`: facts and limits. `video`: frames; their
`geometry`. `audio`: blocks; their `channels`. `extent`: where streams begin and end, measured on
all packets. `tally`: what is missing. `excerpts`: a few frames of any stream. `pictures`: single
images of a live stream. `encode`: frames and sound become a file again.
"""

from evolvisense.media.container import MediaLimits
from evolvisense.media.decode import AudioTally, VideoTally, decode_audio, decode_video
from evolvisense.media.descriptors import DescriptorFile, descriptor_of, descriptor_path
from evolvisense.media.extent import MediaScan, measure_extent, measure_timing, scan_media
from evolvisense.media.probe import probe
from evolvisense.media.sample_frames import sample_frames

__all__ = [
    "AudioTally",
    "DescriptorFile",
    "MediaLimits",
    "MediaScan",
    "VideoTally",
    "decode_audio",
    "decode_video",
    "descriptor_of",
    "descriptor_path",
    "measure_extent",
    "measure_timing",
    "probe",
    "sample_frames",
    "scan_media",
]
