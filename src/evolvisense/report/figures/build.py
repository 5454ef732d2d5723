"""The figures of a report by their names."""

from __future__ import annotations

from collections.abc import Sequence

from evolvisense.errors import InvalidOptionError
from evolvisense.report.figures import actions, behaviour, expression, voice
from evolvisense.report.figures.indicators import indicators_figure
from evolvisense.report.figures.layout import absent
from evolvisense.report.figures.person import chosen_person, seen_person
from evolvisense.report.figures.series import Window
from evolvisense.report.figures.style import FIGURES, PALETTES, Figure, FigureName, FigureOptions
from evolvisense.report.parts import ReportData
from evolvisense.report.words import WHY_NO_VOICE, Clock, clock_of

FACE_TITLES: dict[FigureName, str] = {
    "expression": expression.TITLE,
    "behaviour": behaviour.TITLE,
    "actions": actions.TITLE,
}
VOICE_TITLES: dict[FigureName, str] = {
    "voice": voice.TITLE,
    "voice_emotion": voice.EMOTION_TITLE,
}
NO_FACE = "no face was found"

_DEFAULT = FigureOptions()


def figure_of(report: ReportData, name: FigureName, options: FigureOptions = _DEFAULT) -> Figure:
    """One figure of a report; `absent_reason` says why where there is nothing to draw.

    Raises InvalidOptionError for a name, a person, an action or a window that is not there.
    """
    if name not in FIGURES:
        raise InvalidOptionError(f"there is no figure {name!r}; figures: {', '.join(FIGURES)}")
    clock = clock_of(report)
    window = window_of(clock, options)
    if name in FACE_TITLES:
        return _of_the_face(report, name, options, clock, window)
    if name in VOICE_TITLES:
        return _of_the_voice(report, name, options, clock, window)
    return indicators_figure(report.indicators, clock, window, PALETTES[options.theme])


def figures_of(
    report: ReportData,
    options: FigureOptions = _DEFAULT,
    names: Sequence[FigureName] = FIGURES,
) -> tuple[Figure, ...]:
    """Several figures of a report, in the order of `names`."""
    return tuple(figure_of(report, name, options) for name in names)


def window_of(clock: Clock, options: FigureOptions) -> Window:
    """The window that is drawn; it ends with the recording at the latest.

    Raises InvalidOptionError where it begins after that.
    """
    if options.start_s >= clock.end_s:
        raise InvalidOptionError(f"the recording ends at {clock.end_s:.1f} s")
    end_s = clock.end_s if options.end_s is None else min(options.end_s, clock.end_s)
    return Window(options.start_s, end_s)


def _of_the_face(
    report: ReportData, name: FigureName, options: FigureOptions, clock: Clock, window: Window
) -> Figure:
    person, palette = chosen_person(report, options.person_id), PALETTES[options.theme]
    if person is None:
        return absent(name, FACE_TITLES[name], NO_FACE, palette, window)
    seen = seen_person(report, person, clock, window, options.points, palette)
    if name == "expression":
        return expression.expression_figure(seen, options.emotions_as)
    if name == "behaviour":
        return behaviour.behaviour_figure(seen, clock, options.points)
    return actions.actions_figure(seen, options.actions)


def _of_the_voice(
    report: ReportData, name: FigureName, options: FigureOptions, clock: Clock, window: Window
) -> Figure:
    read, palette = report.voice, PALETTES[options.theme]
    if read is None:
        why = f"no voice was read: {WHY_NO_VOICE[report.voice_absent_reason or 'not_wanted']}"
        return absent(name, VOICE_TITLES[name], why, palette, window)
    if name == "voice":
        return voice.voice_figure(read, clock, window, options.points, palette)
    is_withheld = report.withheld is not None
    return voice.voice_emotion_figure(read.emotion, clock, window, palette, is_withheld=is_withheld)
