"""A report as an annotation document of ELAN."""

from __future__ import annotations

import mimetypes
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pympi.Elan import Eaf

from evolvisense.report.schema import Report
from evolvisense.report.tiers import tiers_of

ANY_VIDEO = "video/*"


def to_eaf(report: Report, *, media_name: str = "") -> bytes:
    """The tiers of `tiers_of` as EAF 2.8, in whole milliseconds.

    `media_name` is the file name of the recording; ELAN looks for it beside the document. Version
    and limits are properties of the document, under names that begin with `evolvisense.`.
    """
    document: Any = Eaf(author=f"{report.producer.name} {report.producer.version}")
    # pympi writes the offset of a time zone of half an hour as no parser reads it.
    document.adocument["DATE"] = datetime.now(UTC).isoformat(timespec="seconds")
    document.remove_tier("default")
    document.properties += [
        ("evolvisense.schema_version", report.schema_version),
        ("evolvisense.limits", report.limits),
    ]
    if name := "".join(character for character in media_name if character.isprintable()):
        kind = mimetypes.guess_type(name)[0] or ANY_VIDEO
        document.add_linked_file(name, relpath=f"./{name}", mimetype=kind)
    for tier in tiers_of(report):
        person = None if tier.person_id is None else f"person {tier.person_id}"
        document.add_tier(tier.name, part=person)
        for span in tier.spans:
            start_ms, end_ms = round(1000 * span.start_s), round(1000 * span.end_s)
            if start_ms < end_ms:
                document.add_annotation(tier.name, start_ms, end_ms, span.label)
    return _content(document)


def _content(document: Any) -> bytes:  # noqa: ANN401 - pympi comes without types
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.eaf"
        document.to_file(path)
        return path.read_bytes()
