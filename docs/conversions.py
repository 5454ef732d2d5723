"""Write docs/column-names.md from the code: `python -m docs.conversions`."""

from __future__ import annotations

from pathlib import Path

from evolvisense.report.conversions import (
    CORRESPONDENCES,
    FEAT_COLUMNS,
    OPENFACE_COLUMNS,
    Tool,
)

PAGE = Path(__file__).parent / "column-names.md"
INTRODUCTION = """# Column names of other tools

Which columns of OpenFace 2, py-feat, OpenWillis and eGeMAPS correspond to columns of the
[codebook](codebook.md). `same`: the same quantity after the conversion. `near`: closely related,
measured in another way: compare within a study, do not pool across tools.
Written by `make docs` from the table that the converters compute from.

```python
report.to_openface_csv("talk.openface.csv")
fex = report.to_feat()  # a pandas DataFrame; feat.Fex(fex) has the methods of py-feat
```

What is not known is empty (NaN), also where OpenFace writes 0.
"""
NOTES: dict[Tool, str] = {
    "OpenFace 2": "Written by `to_openface_csv`: the columns of FeatureExtraction 2.2 for gaze, "
    "pose and action units. Landmarks (`eye_lmk_`, `x_`, `X_`) and shape parameters (`p_`) have "
    "no columns. Gaze is empty: the `eyeLook` blendshapes tell too little of it (model card).",
    "py-feat": "Given by `to_feat`: the columns of a `Fex` frame of `Detector`; `input` is the "
    "name of the file, `approx_time` minutes and seconds.",
    "OpenWillis": "Names only; there is no converter.",
    "eGeMAPS": 'Columns of `report.to_pandas("recording")` under these names (Eyben et al. 2016), '
    "computed from the steps of the voice by our own code. The other names of the set have no "
    "counterpart: loudness (ours is a level, not auditory), slopes of contours, shimmer in dB, "
    "alpha ratio (ours is a median), formants, spectral slopes, flux and MFCCs.",
}
EXPECTED: dict[Tool, tuple[str, ...]] = {
    "OpenFace 2": OPENFACE_COLUMNS,
    "py-feat": tuple(n for n in FEAT_COLUMNS if n not in ("input", "approx_time")),
    "OpenWillis": (),
    "eGeMAPS": (),
}


def page_text() -> str:
    """The page as it is stored."""
    parts = [INTRODUCTION]
    for tool, note in NOTES.items():
        entries = [entry for entry in CORRESPONDENCES if entry.tool == tool]
        parts.append(f"\n## {tool}\n\n{note}\n\n| {tool} | EvolviSense | agreement | how |\n")
        parts.append("|---|---|---|---|\n")
        parts += [
            f"| `{e.theirs}` | {_code(e.ours)} | {e.agreement} | {e.how} |\n" for e in entries
        ]
        filled = {entry.theirs for entry in entries}
        empty = [name for name in EXPECTED[tool] if name not in filled]
        if empty:
            parts.append(f"\nEmpty: {_ranges(empty)}.\n")
    return "".join(parts)


def _code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))


def _ranges(names: list[str]) -> str:
    """Landmarks by their first and last name."""
    points = [name for name in names if name.split("_")[0] in ("x", "y")]
    shown = [f"`{name}`" for name in names if name not in points]
    between = [f"`{points[0]}` to `{points[-1]}`"] if points else []
    return ", ".join([*between, *shown])


def main() -> None:
    """Write it."""
    PAGE.write_text(page_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
