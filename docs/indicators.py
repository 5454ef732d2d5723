"""Write the generated parts of docs/indicators.md: `python -m docs.indicators`.

Weights, gates and the reference set come from the code; the worked example from one speaker of the
speech pack, where the data folder is there.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from docs import example
from evolvisense.indicators import GATES, WEIGHTS, Gates, load_reference
from evolvisense.indicators.reference import read_about
from evolvisense.indicators.score import BASELINE_ONLY
from evolvisense.types.indicators import FEATURES, INDICATORS, Language

PAGE = Path(__file__).parent / "indicators.md"


def weights_table() -> str:
    """Direction and weight of every feature in every indicator."""
    rows = [f"| feature | {' | '.join(INDICATORS)} |", "|---" * (1 + len(INDICATORS)) + "|"]
    for feature in FEATURES:
        cells = [_weight(feature, WEIGHTS[name].get(feature, 0.0)) for name in INDICATORS]
        rows.append(f"| `{feature}` | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def gates_table() -> str:
    """Every gate with its limit and why it is there."""
    rows = ["| gate | limit | why |", "|---|---|---|"]
    reasons = _docstrings(Gates)
    rows += [
        f"| `{f.name}` | {getattr(GATES, f.name)} | {reasons[f.name]} |" for f in fields(Gates)
    ]
    return "\n".join(rows)


def reference_table() -> str:
    """Mean and spread of every feature in every language."""
    languages: tuple[Language, ...] = ("any", "en", "pl", "am")
    sets = {language: load_reference(language) for language in languages}
    rows = [
        "| feature | " + " | ".join(languages) + " |",
        "|---|---|---|---|---|",
    ]
    for feature in FEATURES:
        norms = [sets[language].norms.get(feature) for language in languages]
        known = [norm for norm in norms if norm is not None]
        if not known:
            continue
        cells = ["-" if norm is None else f"{norm.mean:.2f} ± {norm.sd:.2f}" for norm in norms]
        mark = " (provisional)" if known[0].is_provisional else ""
        rows.append(f"| `{feature}`{mark} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def measuring_table() -> str:
    """What chance, conditions and networks do to every feature, and what is left of it."""
    norms = load_reference().norms
    about: dict[str, dict[str, float]] = read_about()["conditions"]["features"]
    rows = [
        "| feature | sigma, `any` | chance, 30 s | conditions | their mean | networks | r |",
        "|---|---|---|---|---|---|---|",
    ]
    for feature in FEATURES:
        if (norm := norms.get(feature)) is None:
            continue
        chance = math.sqrt(norm.noise_var_s / 30)
        cells = [f"{norm.sd:.3f}", f"{chance:.3f}"]
        if parts := about.get(feature):
            cells += [f"{parts['condition_sd']:.3f}", f"{parts['shift']:+.3f}"]
            cells.append(f"{parts['network_sd']:.3f}" if parts["network_sd"] else "")
        else:
            cells += ["not measured", "", ""]
        if norm.is_provisional:
            cells.append(f"{norm.reliability:.2f} (assumed)")
        else:
            cells.append(f"{norm.reliability:.2f} ({norm.session_reliability:.2f})")
        rows.append(f"| `{feature}` | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def generated() -> dict[str, str]:
    """Parts that the code alone decides, by their marker."""
    return {
        "weights": weights_table(),
        "gates": gates_table(),
        "measuring": measuring_table(),
        "reference": reference_table(),
    }


def with_parts(page: str, parts: Mapping[str, str]) -> str:
    """The page with these parts between their markers."""
    for name, text in parts.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        page, count = re.subn(
            pattern, lambda m, text=text: f"{m[1]}{text}\n{m[2]}", page, flags=re.DOTALL
        )
        if count != 1:
            raise ValueError(f"expected one part '{name}', found {count}")
    return page


def _weight(feature: str, weight: float) -> str:
    if not weight:
        return ""
    return f"{weight:+g}" + (" (baseline)" if feature in BASELINE_ONLY else "")


def _docstrings(kind: type) -> dict[str, str]:
    """The text under each field of a dataclass, on one line."""
    source = inspect.getsource(kind)
    found = re.findall(r'^    (\w+): [^\n]*\n    """(.*?)"""', source, re.MULTILINE | re.DOTALL)
    return {name: re.sub(r"\s+", " ", text) for name, text in found}


def main() -> None:
    """Rewrite the page in place."""
    parts = generated()
    if example.is_possible():
        parts["example"] = example.text()
    PAGE.write_text(with_parts(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")


if __name__ == "__main__":
    main()
