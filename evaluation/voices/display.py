"""Results on voices as tables for people."""

from __future__ import annotations

import math

from rich.console import Console
from rich.table import Table

from evaluation.display import class_table, confusion_table, plain_table
from evaluation.scoring import Estimate
from evaluation.voices.choices import GATES_LIFTED, MEANINGS, NO_CLASSES
from evaluation.voices.loudness import TARGET_DBFS
from evaluation.voices.run import Part, VoiceResult
from evaluation.voices.scoring import Ranking, VoiceScores

SIDES = "AUC: angry and fearful against neutral and calm; a clip without a score is a tie."
NOTE = "With each figure its 95 % interval: whole speakers are resampled."
WITHIN = "within speaker"


def print_voice(console: Console, result: VoiceResult) -> None:
    """Everything about one table scored in one way."""
    (scores,) = result.whole.scores
    console.print(_title(result))
    console.print(_headline(result.whole, scores))
    console.print(f"{NOTE} {SIDES}")
    console.print(_ranking_table(scores))
    if scores.classified is not None:
        console.print(class_table(scores.classified.confusion))
        console.print(confusion_table(scores.classified.confusion, "no answer"))
    else:
        console.print(f"No UAR, accuracy and calibration: {NO_CLASSES[scores.scores]}.")
    _print_parts(console, result)
    _print_notes(console, result)


def print_comparison(console: Console, results: list[VoiceResult]) -> None:
    """One line for each way to score each table."""
    for result in results:
        console.print(_title(result))
        console.print(_comparison_table(result.whole))
        baseline = result.whole.scores[0].scores
        console.print(f"{NOTE} {SIDES} Gain: AUC minus that of {baseline}, on the same clips.")
        _print_parts(console, result)
        _print_notes(console, result)


def _title(result: VoiceResult) -> str:
    names = ", ".join(result.options.recipe.scores)
    return f"{result.table.path}: {names}{_models(result)}"


def _models(result: VoiceResult) -> str:
    models = ", ".join(dict.fromkeys(f"{model.id} {model.version}" for model in result.models))
    if result.options.recipe.folds:
        models += f", out of fold: {len(result.models)} networks"
    return f" ({models})" if models else ""


def _headline(part: Part, scores: VoiceScores) -> Table:
    table = plain_table("", "value", "95 %")
    table.add_row("n", str(len(part.clips)), "")
    table.add_row("speakers", str(part.speakers), "")
    first, classified = scores.rankings[0], scores.classified
    if classified is not None:
        table.add_row("UAR", *_cells(classified.uar))
        table.add_row("accuracy", *_cells(classified.accuracy))
        table.add_row("ECE", *_cells(classified.ece))
    table.add_row(f"AUC ({part.aroused}, {part.calm} clips)", *_cells(first.auc))
    table.add_row(f"AUC {WITHIN}", *_cells(first.within_speaker))
    return table


def _ranking_table(scores: VoiceScores) -> Table:
    table = plain_table("AUC of", "pooled", WITHIN, "mean, calm", "aroused", "no score")
    for ranking in scores.rankings:
        table.add_row(MEANINGS[ranking.name], *_ranking_cells(ranking))
    return table


def _ranking_cells(ranking: Ranking) -> tuple[str, ...]:
    return (
        "\n".join(_cells(ranking.auc)),
        "\n".join(_cells(ranking.within_speaker)),
        _mean(ranking.mean_calm),
        _mean(ranking.mean_aroused),
        str(ranking.no_score),
    )


def _comparison_table(part: Part) -> Table:
    table = plain_table("AUC of", "pooled", "gain", WITHIN, "gain", "UAR", "no score")
    for scores in part.scores:
        first, classified = scores.rankings[0], scores.classified
        gain = part.gains.get(scores.scores)
        table.add_row(
            f"{scores.scores}\n {MEANINGS[first.name]}",
            "\n".join(_cells(first.auc)),
            "\n".join(_cells(gain.auc, signed=True)) if gain else "",
            "\n".join(_cells(first.within_speaker)),
            "\n".join(_cells(gain.within_speaker, signed=True)) if gain else "",
            "\n".join(_cells(classified.uar)) if classified else "",
            str(first.no_score),
        )
    return table


def _print_parts(console: Console, result: VoiceResult) -> None:
    """A line for each value of the column that was asked for."""
    if result.options.by is None:
        return
    table = plain_table(result.options.by, "n", "UAR", "AUC", WITHIN, "mean, calm", "aroused")
    for value, part in result.parts.items():
        for scores in part.scores:
            name = value or "(empty)"
            first, classified = scores.rankings[0], scores.classified
            table.add_row(
                f"{name}, {scores.scores}" if len(part.scores) > 1 else name,
                str(len(part.clips)),
                "\n".join(_cells(classified.uar)) if classified else "",
                *_ranking_cells(first)[:-1],
            )
    console.print(table)


def _print_notes(console: Console, result: VoiceResult) -> None:
    """How the clips were read, and what was not."""
    recipe, others = result.options.recipe, result.table.other_labels
    parts = [f"{len(result.whole.clips)} clips read"]
    if "emotion" in recipe.scores and result.whole.no_answer:
        parts.append(f"{result.whole.no_answer} with too little speech for an answer (wrong)")
    if result.whole.past_gate:
        parts.append(f"{result.whole.past_gate} with too little speech, read all the same")
    if result.unreadable:
        parts.append(f"{len(result.unreadable)} unreadable")
    parts += [f"label {name} is no class of ours ({n} rows left out)" for name, n in others.items()]
    console.print(", ".join(parts))
    console.print(
        f"Every clip at one speech level, {TARGET_DBFS:g} dBFS."
        if recipe.normalise
        else "Loudness as it is in the files: a score may rank recordings by their gain."
    )
    for name in recipe.scores:
        if recipe.lifts_gates and name in GATES_LIFTED:
            console.print(f"{GATES_LIFTED[name]}.")
    if result.whole.speakers < 2:
        console.print("One speaker: no intervals.")


def _cells(estimate: Estimate, *, signed: bool = False) -> tuple[str, str]:
    """Value, interval; empty where there is none."""
    if math.isnan(estimate.value):
        return "-", ""
    shape, to = ("+.3f", "..") if signed else (".3f", "-")
    value = f"{estimate.value:{shape}}"
    if math.isnan(estimate.low):
        return value, ""
    return value, f"{estimate.low:{shape}}{to}{estimate.high:{shape}}".replace("0.", ".")


def _mean(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}"
