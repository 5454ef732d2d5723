"""A report as one printable HTML file."""

from evolvisense.report.html.page import to_html
from evolvisense.report.html.scripts import content_policy, plotly_path

__all__ = ["content_policy", "plotly_path", "to_html"]
