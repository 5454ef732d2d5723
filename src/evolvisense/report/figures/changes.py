"""Features of a recording against the person's own recordings."""

from __future__ import annotations

from collections.abc import Sequence

from evolvisense.report.figures.figure import Figure, Theme
from evolvisense.report.figures.layout import absent
from evolvisense.report.figures.palette import PALETTES
from evolvisense.report.figures.rulers import MINUS, Mark, Ruler, rulers_layout, rulers_panel
from evolvisense.report.figures.scales import FEATURE_SCALES, shown_unit, widened
from evolvisense.report.figures.series import Window
from evolvisense.report.indicator_parts import ChangePart

TITLE = "Change against the personal baseline"
NAMES = ("mean of the own recordings", "this recording")
RELIABLE = "beyond chance"


def changes_of(changes: Sequence[ChangePart], theme: Theme = "light") -> Figure:
    """A circle for the baseline, a diamond for this recording: filled where the change is larger
    than chance explains (reliable change), open where it is not.
    """
    palette = PALETTES[theme]
    if not changes:
        return absent("changes", TITLE, "no feature is known on both sides", palette, Window(0, 1))
    panel = rulers_panel([_ruler(change) for change in changes], NAMES, palette)
    layout, height_px = rulers_layout(panel, palette, NAMES)
    reliable = [FEATURE_SCALES[c.feature].label.lower() for c in changes if c.is_reliable]
    return Figure(
        "changes",
        TITLE,
        f"{len(changes)} features against the mean of the person's own recordings; {RELIABLE}: "
        f"{', '.join(reliable) or 'none'}.",
        panel.data,
        layout,
        height_px,
    )


def _ruler(change: ChangePart) -> Ruler:
    scale = FEATURE_SCALES[change.feature]
    low, high = widened(scale, (change.baseline_mean, change.value))
    marks = [Mark(change.baseline_mean), Mark(change.value, is_filled=change.is_reliable)]
    sign = f"{change.change:+.{scale.decimals}f}".replace("-", MINUS)
    note = f"{sign}: {RELIABLE if change.is_reliable else 'within chance'}"
    return Ruler(scale.label, low, high, marks, scale.decimals, shown_unit(scale), None, note)
