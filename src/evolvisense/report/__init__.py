"""Findings become a report: `schema` is its shape, `build` makes it, `writers` write it."""

from evolvisense.report.build import Findings, build_report
from evolvisense.report.schema import LIMITS_NOTICE, SCHEMA_VERSION, Report
from evolvisense.report.writers import to_csv, to_json

__all__ = [
    "LIMITS_NOTICE",
    "SCHEMA_VERSION",
    "Findings",
    "Report",
    "build_report",
    "to_csv",
    "to_json",
]
