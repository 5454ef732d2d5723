"""A report -> the paragraph of a paper that says how it was made, and the references in it."""

from __future__ import annotations

from collections.abc import Iterator

from evolvisense.report.parts import ReportData
from evolvisense.report.statistics import ACTION_UNIT
from evolvisense.report.validation import AREAS, FACE_CARD, ON_CFEE, figures_for
from evolvisense.report.voice_parts import Voice
from evolvisense.report.words import REFERENCES, percent
from evolvisense.thresholds import Thresholds

REFERENCE_ENTRIES = {
    "casiez2012": """@inproceedings{casiez2012,
  author = {Casiez, G{\\'e}ry and Roussel, Nicolas and Vogel, Daniel},
  title = {1{\\texteuro} filter: a simple speed-based low-pass filter for noisy input in interactive systems},
  booktitle = {Proceedings of CHI 2012},
  pages = {2527--2530},
  year = {2012}
}""",  # noqa: E501 - a title
    "dejong2009": """@article{dejong2009,
  author = {de Jong, Nivja H. and Wempe, Ton},
  title = {Praat script to detect syllable nuclei and measure speech rate automatically},
  journal = {Behavior Research Methods},
  volume = {41},
  pages = {385--390},
  year = {2009}
}""",
}


def methods_text(report: ReportData) -> str:
    """One paragraph with versions, settings, how much could be read, and validation figures."""
    return " ".join(_sentences(report))


def bibtex(report: ReportData) -> str:
    """The software and the papers that `methods_text` refers to, as BibTeX."""
    version = report.producer.version
    software = f"""@software{{evolvisense,
  author = {{{{The EvolviSense developers}}}},
  title = {{EvolviSense}},
  version = {{{version}}}
}}"""
    used = [key for key in REFERENCE_ENTRIES if f"[{key}]" in methods_text(report)]
    return "\n\n".join([software, *(REFERENCE_ENTRIES[key] for key in used)])


def _sentences(report: ReportData) -> Iterator[str]:
    options, producer = report.options, report.producer
    yield (
        f"The recording ({report.media.duration_s:.1f} s) was analysed with EvolviSense "
        f"{producer.version} [evolvisense] (report schema {report.schema_version})."
    )
    if report.media.video is not None:
        yield from _face(report)
    if report.voice is not None:
        yield from _voice(report.voice, report.options.thresholds or Thresholds())
    yield (
        f"Indicators are relative ranks against a reference set ({REFERENCES[options.language]}); "
        "a value without enough evidence is missing, not zero."
    )
    models = [f"{model.id} {model.version}" for model in report.models]
    if models:
        yield f"Models and methods: {', '.join(models)}."
    yield from _validation(report)
    if report.withheld is not None:
        yield "Emotions and the scores that stand on them were withheld."


def _validation(report: ReportData) -> Iterator[str]:
    """Figures of what was measured, by the models in these versions."""
    found = [
        figure
        for figure in figures_for(report.models)
        if figure.in_methods
        and (report.people if figure.source == FACE_CARD else report.voice is not None)
        and not (report.withheld is not None and figure.measure in WITHHELD_MEASURES)
    ]
    units = [figure for figure in found if ACTION_UNIT.search(figure.measure)]
    if not found:
        return
    yield "Validation:"
    for figure in found:
        if figure not in units:
            yield figure.sentence
        elif figure is units[0]:
            areas = sorted(AREAS.values())
            yield (
                f"Action units ({', '.join(AREAS)}): area under the ROC curve {areas[0]} to "
                f"{areas[-1]} {ON_CFEE}."
            )


WITHHELD_MEASURES = ("Expressions", "Expression and arousal of the voice")
"""Of observations_only; nothing is said of what is not in the report."""


def _face(report: ReportData) -> Iterator[str]:
    options = report.options
    each = "Every frame" if options.frame_skip == 1 else f"Every {options.frame_skip}th frame"
    count, with_face = len(report.frames.number), int((report.frames.faces > 0).sum())
    yield f"{each} was analysed ({count} frames, {with_face} with a face)."
    if options.smoothing != "off":
        yield "Timelines were smoothed with the 1-euro filter [casiez2012]."
    main = next((person for person in report.summary.people if person.is_main), None)
    if main is not None:
        yield (
            "Expression shares are shares of the time in which the expression could be read "
            f"({percent(main.readable_share)} of the time in which the face was found)."
        )


def _voice(voice: Voice, thresholds: Thresholds) -> Iterator[str]:
    measures, quality = voice.measures, voice.quality
    noise = "" if quality.snr_db is None else f", signal-to-noise ratio {quality.snr_db:.0f} dB"
    yield f"The voice was read from {measures.speech_s:.1f} s of speech{noise}."
    yield (
        "F0 statistics are of voiced frames, syllables are counted by intensity peaks "
        f"[dejong2009], and pauses are gaps of at least {thresholds.vad.min_pause_s:g} s between "
        "segments of speech."
    )
