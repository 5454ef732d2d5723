"""The recording, the models, and the legacy block."""

from __future__ import annotations

from evolvisense.report.html.markup import NONE, Markup, element, joined, section, table, tiles
from evolvisense.report.parts import ReportData, VideoFacts
from evolvisense.report.words import WITHHELD

LEGACY_WORDS = (
    "Formula of the old service, kept for its clients: a loudness meter with a share of facial "
    "expressions on top. The names are those of the old interface. Not a measurement of a person."
)


def recording_section(report: ReportData) -> Markup:
    """The file and how it was read."""
    media, options = report.media, report.options
    video, audio = media.video, media.audio
    frames, with_face = len(report.frames.number), int((report.frames.faces > 0).sum())
    header_s = media.duration_s_from_header
    rows = [
        (
            "Container",
            f"{media.container}, {media.size_bytes:,} bytes, {media.stream_count} streams",
        ),
        (
            "Length",
            f"{media.duration_s:.2f} s"
            + (", none in the header" if header_s is None else f"; {header_s:.2f} s in the header"),
        ),
        (
            "Video",
            "none" if video is None else _video(video),
        ),
        (
            "Sound",
            "none"
            if audio is None
            else f"{audio.codec}, {audio.rate_hz} Hz, {audio.channels} channels",
        ),
        ("Options", ", ".join(f"{name}: {_option(value)}" for name, value in options)),
    ]
    return section(
        "The recording",
        tiles(
            [
                ("Length", f"{media.duration_s:.1f} s", ""),
                ("Frames analysed", str(frames), ""),
                ("With a face", str(with_face), ""),
                ("People found", str(len(report.people)), "nobody is identified"),
            ]
        ),
        table(("Fact", "Value"), rows),
    )


def _video(video: VideoFacts) -> str:
    rate = "" if video.average_rate_hz is None else f", {video.average_rate_hz:.3g} Hz on average"
    return (
        f"{video.codec}, {video.width_px} x {video.height_px} px, "
        f"turned by {video.rotation_deg} degrees{rate}"
    )


def models_section(report: ReportData) -> Markup:
    """What took part, with versions and licences."""
    return section(
        "Models and methods that took part",
        table(
            ("Name", "Version", "Licence", "SHA-256 of its file"),
            [(m.id, m.version, m.licence, _hash(m.sha256)) for m in report.models],
        ),
    )


def legacy_section(report: ReportData) -> Markup:
    """The v1 block, last and marked."""
    title, v1 = "Legacy formula v1: not a measurement", report.v1
    if v1 is None:
        return section(title, element("p", f"{WITHHELD.capitalize()}."), class_="card legacy")
    rows = [(f"mental_health.{name}", f"{value:.2f}") for name, value in v1.mental_health]
    rows += [(f"voice_analysis.{name}", f"{value:.2f}") for name, value in v1.voice_analysis or ()]
    rows.append(("peak_stress", f"{v1.peak_stress:.2f}"))
    counts = ", ".join(f"{name} {len(values)}" for name, values in v1.emotions.items())
    rows.append(("emotions, frames", counts or NONE))
    return section(
        title,
        element("p", LEGACY_WORDS, class_="muted"),
        table(("Key", "Value"), rows),
        class_="card legacy",
    )


def notices(report: ReportData) -> Markup:
    """What limits the report, and what was left out of it."""
    texts = [_sentence(warning.message) for warning in report.warnings]
    if report.withheld is not None:
        texts.insert(
            0,
            "Observations only: what infers an emotion, and every score that stands on one, was "
            "withheld on request.",
        )
    if not texts:
        return joined([])
    return element("ul", *(element("li", text) for text in texts), class_="notices")


def _option(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _hash(sha256: str | None) -> str:
    return NONE if sha256 is None else element("code", sha256)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
