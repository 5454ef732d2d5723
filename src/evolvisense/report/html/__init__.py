"""A report as one printable HTML file."""

from evolvisense.report.html.page import to_html

__all__ = ["to_html"]
