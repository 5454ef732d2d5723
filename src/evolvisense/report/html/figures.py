"""The places of figures on the page, and what its script needs to draw them."""

from __future__ import annotations

from collections.abc import Mapping

from evolvisense.report.figures import Figure, FigureName, FigureOptions, figure_of
from evolvisense.report.figures.style import PALETTES, Palette
from evolvisense.report.html.markup import Markup, element
from evolvisense.report.parts import Person, ReportData
from evolvisense.report.words import CANNOT_TELL, WITHHELD

OF_A_PERSON: tuple[FigureName, ...] = ("expression", "behaviour", "actions")
OF_THE_VOICE: tuple[FigureName, ...] = ("voice", "voice_emotion")


def figures_of_page(report: ReportData, people: list[Person]) -> dict[str, Figure]:
    """All figures by their place: of these people, of the voice where there is one, and of the
    indicators where they are told over time.
    """
    found = {
        place_of(name, person): figure_of(report, name, FigureOptions(person_id=person.id))
        for person in people
        for name in OF_A_PERSON
    }
    if report.voice is not None:
        found |= {place_of(name): figure_of(report, name) for name in OF_THE_VOICE}
    if report.indicators.windows:
        found[place_of("indicators")] = figure_of(report, "indicators")
    return found


def place_of(name: FigureName, person: Person | None = None) -> str:
    """The id of a figure's place."""
    return name if person is None else f"{name}-{person.id}"


def drawn(place: str, figure: Figure, title: str = "") -> Markup:
    """Where a figure will stand, or why there is none."""
    heading = element("h3", title or figure.title)
    if figure.absent_reason is not None:
        is_withheld = figure.absent_reason == WITHHELD
        why = figure.absent_reason if is_withheld else f"{CANNOT_TELL}: {figure.absent_reason}"
        return element("div", heading, element("p", f"{why[:1].upper()}{why[1:]}.", class_="muted"))
    return element(
        "figure",
        element("figcaption", heading),
        element(
            "div",
            class_="plot",
            id=place,
            role="figure",
            aria_label=figure.description,
            style=f"--height:{figure.height_px}px",
        ),
    )


def content_of(figures: Mapping[str, Figure]) -> dict[str, object]:
    """Figures in the colours of the light theme, and which colour each of them is in the dark."""
    return {
        "figures": {
            place: {"data": figure.data, "layout": figure.layout}
            for place, figure in figures.items()
            if figure.absent_reason is None
        },
        "dark": dict(zip(_colours(PALETTES["light"]), _colours(PALETTES["dark"]), strict=True)),
    }


def css_colours() -> Markup:
    """The palette of the figures as variables of the style sheet, so that both agree."""
    light, dark = (_css(PALETTES[theme]) for theme in ("light", "dark"))
    return Markup(
        f":root{{{light}}}\n@media screen and (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"
    )


def _css(palette: Palette) -> str:
    named = {
        "card": palette.card,
        "text": palette.text,
        "muted": palette.muted,
        "line": palette.line,
        "accent": palette.accent,
        "down": palette.third,
        **palette.emotions,
    }
    return "".join(f"--{name}:{colour};" for name, colour in named.items())


def _colours(palette: Palette) -> list[str]:
    single = [value for value in vars(palette).values() if isinstance(value, str)]
    return [*single, *palette.heat, *palette.emotions.values()]
