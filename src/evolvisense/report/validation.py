"""Validation figures of the columns: the one place that the codebook and the methods text read.

A figure belongs to a version of a model; for another version there is none. Each one quotes the
page that it stands on, with its set and the command that reproduces it; a test looks the quotes up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evolvisense.report.parts import ModelUsed
from evolvisense.report.statistics import STATISTICS
from evolvisense.types.scores import EMOTIONS

FACE_CARD = "src/evolvisense/models/specs/face.md"
VOICE_CARD = "src/evolvisense/models/specs/voice.md"
VOICE_PAGE = "docs/voice.md"


@dataclass(frozen=True)
class Figure:
    """How well one or several columns were measured, against what."""

    measure: str
    """What the columns measure, as the beginning of a sentence."""
    columns: str
    """Regular expression of their names, without the statistic of the level person."""
    text: str
    """The figure with its set."""
    quotes: tuple[str, ...]
    """Parts of `source` that it repeats."""
    source: str
    """Page of the repository."""
    model: tuple[str, str] | None = None
    """Id and version; None for a measure that no model of ours makes."""
    in_methods: bool = False
    """Whether a methods text states it; the codebook states all."""

    @property
    def sentence(self) -> str:
        """For a methods text."""
        return f"{self.measure}: {self.text}."


FACE = ("face", "2.3")
VOICE = ("voice", "1.2")
EMOTION = "|".join(EMOTIONS)
STILL = r"_neutral|cheekPuff|cheekSquint\w+|jawForward|noseSneer\w+"
"""Blendshapes that hardly ever move in the answers of the teacher."""
AREAS = {
    "AU01": ".955",
    "AU02": ".955",
    "AU04": ".948",
    "AU05": ".922",
    "AU06": ".852",
    "AU07": ".919",
    "AU09": ".937",
    "AU10": ".938",
    "AU12": ".985",
    "AU15": ".915",
    "AU17": ".933",
    "AU20": ".927",
    "AU23": ".925",
    "AU24": ".929",
    "AU25": ".983",
    "AU26": ".973",
}
ON_CFEE = "on 497 posed images of 46 people of CFEE"
POSED = "on 150 posed images of the same people"

FIGURES: tuple[Figure, ...] = (
    Figure(
        "Expressions",
        rf"(?:expression_|share_)?(?:{EMOTION})|summary_expression",
        "balanced accuracy .776 (95 % interval .722-.824) on 2,884 faces of FER+ PublicTest, .546 "
        "(.528-.562) on 2,885 colour faces of the web and .817 (.758-.873) on 150 posed faces of "
        "46 people of CFEE",
        ("0.776 (0.722-0.824)", "0.546 (0.528-0.562)", "0.817 (0.758-0.873)", "| 2884 |"),
        FACE_CARD,
        FACE,
        in_methods=True,
    ),
    *(
        Figure(
            f"Action unit {name}",
            name,
            f"area under the ROC curve {area} (present or absent) {ON_CFEE}",
            (f"| {name} | 0{area} |", "497 images of the 46 people"),
            FACE_CARD,
            FACE,
            in_methods=True,
        )
        for name, area in AREAS.items()
    ),
    Figure(
        "Head pose",
        "pitch_deg|yaw_deg|roll_deg",
        f"mean difference of .74 degrees from its teacher, MediaPipe, {POSED}",
        ("| 1.2 / 0.6 / 0.4 | 0.74 |",),
        FACE_CARD,
        FACE,
        in_methods=True,
    ),
    Figure(
        "Landmarks",
        "mouth_opening|(?:summary_)?eye_distance_px",
        "difference of 3.0 % of the distance between the eyes from their teacher, MediaPipe, "
        f"{POSED}",
        ("| 0.926 | 3.01 % |",),
        FACE_CARD,
        FACE,
    ),
    Figure(
        "Blendshapes that hardly move",
        STILL,
        "not validated, because they hardly ever move in the answers of the teacher, MediaPipe",
        ("hardly ever move in the teacher's answers",),
        FACE_CARD,
        FACE,
    ),
    Figure(
        "Blendshapes of looking",
        r"eyeLook\w+",
        "correlation of .85 (horizontal) and .81 (vertical) with their teacher, MediaPipe, on 580 "
        "faces, and of .78 and .65 with the place of the iris: too little for a gaze direction",
        (".85 (horizontal) and .81 (vertical)", ".78 and .65", "580 scene faces"),
        FACE_CARD,
        FACE,
    ),
    Figure(
        "Blendshapes",
        r"(?!AU\d)(?:brow|eye[BSW]|jaw|mouth[A-Z])\w+|(?:behaviour_)?smile(?:_mean)?|"
        "summary_smile_share|feature_smile_share_silent|eye_openness",
        "median correlation of .87 with their teacher, MediaPipe, within clips that were "
        "never trained on",
        ("86 pairs of clip and blendshape 0.87",),
        FACE_CARD,
        FACE,
        in_methods=True,
    ),
    Figure(
        "Expression and arousal of the voice",
        rf"voice_emotion_(?:{EMOTION})|voice_arousal|summary_voice_expression|"
        "feature_voice_anger_or_fear|feature_voice_fear",
        "mean recall .295 and area under the ROC curve of angry and fearful against neutral .802 "
        "by expression and .822 by arousal, mean of four corpora of acted speech, each never heard",
        (".295 / .802 / .822",),
        VOICE_CARD,
        VOICE,
        in_methods=True,
    ),
    Figure(
        "Median F0",
        r"f0_hz|(?:summary_|voice_|feature_)?f0_(?:median_hz|level_st)",
        "within .09 semitones of Praat in half of 180 clips, .19 in three quarters and .32 in nine "
        "tenths",
        (".09 (half of 180 clips), .19 (three quarters), .32 (nine tenths)",),
        VOICE_PAGE,
        in_methods=True,
    ),
    Figure(
        "Level",
        "level_dbfs|voice_level_median_dbfs",
        "within .1 dB of Praat",
        ("within .1 dB",),
        VOICE_PAGE,
    ),
    Figure(
        "Syllables",
        "voice_syllables|(?:summary_|voice_|feature_)syllable_rate_hz",
        "110, 110 and 112 found of 110 in sentences of three synthetic voices",
        ("110, 110 and 112 found of 110",),
        VOICE_PAGE,
        in_methods=True,
    ),
    Figure(
        "Jitter",
        "voice_jitter_pct",
        "within .1 points or 18 % of Praat on synthetic vowels",
        ("jitter within .1 points or 18 %",),
        VOICE_PAGE,
    ),
    Figure(
        "Shimmer",
        "voice_shimmer_pct",
        "within .5 points or 10 % of Praat on synthetic vowels",
        ("shimmer within .5 points or 10 %",),
        VOICE_PAGE,
    ),
    Figure("HNR", "voice_hnr_db", "within 1.2 dB of Praat", ("within 1.2 dB",), VOICE_PAGE),
    Figure(
        "CPP",
        "voice_cpp_db",
        "correlates over .9 with Praat's CPPS, on another scale",
        ("correlates over .9 with Praat's CPPS",),
        VOICE_PAGE,
    ),
    Figure(
        "Signal-to-noise ratio",
        "(?:sound|summary)_snr_db",
        "within 1.5 dB of the truth at 10-40 dB",
        ("within 1.5 dB at 10-40 dB",),
        VOICE_PAGE,
    ),
    Figure(
        "Clipping",
        "sound_clipped_share",
        "80-100 % of the true share",
        ("80-100 % of the true share",),
        VOICE_PAGE,
    ),
    Figure(
        "Bandwidth",
        "sound_bandwidth_hz",
        "within 500 Hz of the truth",
        ("within 500 Hz",),
        VOICE_PAGE,
    ),
    Figure(
        "Reverberation",
        "sound_reverberation_s",
        "decay times of .3, .5 and .8 s within 25 %",
        (".3, .5 and .8 s within 25 %",),
        VOICE_PAGE,
    ),
)

STATISTIC = re.compile(rf"_(?:{'|'.join(STATISTICS)})(?:_speaking|_silent)?$")


def figure_of(column: str) -> Figure | None:
    """The figure of a column of any table; None where there is none.

    Args:
        column: its name; statistics of people have the figure of what they are statistics of.

    Example:
        >>> figure_of("AU12_p95_silent").text
        'area under the ROC curve .985 (present or absent) on 497 posed images of 46 people of CFEE'
    """
    names = (column, STATISTIC.sub("", column))
    return next((f for f in FIGURES for name in names if re.fullmatch(f.columns, name)), None)


def figures_for(models: Sequence[ModelUsed]) -> Iterator[Figure]:
    """The figures that hold for results of these models, in their order."""
    versions = {(model.id, model.version) for model in models}
    heard = {model.id for model in models} & {"swift-f0", "silero-vad"}
    for figure in FIGURES:
        if figure.model in versions or (figure.model is None and heard):
            yield figure
