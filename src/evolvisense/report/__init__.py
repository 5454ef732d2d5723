"""Findings become a report: `schema` is its shape, `build` makes it, the others write it."""

from evolvisense.report.annotations import to_eaf, to_textgrid
from evolvisense.report.build import Findings, build_report
from evolvisense.report.html import to_html
from evolvisense.report.observations import observations_only
from evolvisense.report.parts import LIMITS_NOTICE, SCHEMA_VERSION
from evolvisense.report.schema import Report
from evolvisense.report.tables import to_csv, to_json, to_parquet

__all__ = [
    "LIMITS_NOTICE",
    "SCHEMA_VERSION",
    "Findings",
    "Report",
    "build_report",
    "observations_only",
    "to_csv",
    "to_eaf",
    "to_html",
    "to_json",
    "to_parquet",
    "to_textgrid",
]
