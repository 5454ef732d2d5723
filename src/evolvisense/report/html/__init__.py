"""A report as one printable HTML file."""

from evolvisense.report.html.markup import content_policy, plotly_path
from evolvisense.report.html.page import to_html

__all__ = ["content_policy", "plotly_path", "to_html"]
