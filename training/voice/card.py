"""Write the figures of the model card: `python -m training.voice.card`.

Everything is out of fold: each clip is read by the exported network that has not heard its speaker
(`runs/folds`, written by `training.voice.export`); the shipped network has the same recipe and has
heard them all. Tables go between the markers of src/evolvisense/models/specs/voice.md, figures to
docs/figures/voice.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from evaluation import metrics
from evaluation.reliability import confusion_to_svg, to_svg
from evaluation.scoring import Estimate
from evolvisense.types.scores import EMOTIONS
from evolvisense.voice import mel
from evolvisense.voice.emotion import VoiceEmotionReader
from training.voice import conditions, intervals, synthetic
from training.voice.dataset import CORPORA, Clips, load_clips
from training.voice.folders import runs_dir
from training.voice.intervals import Read, estimate

ROOT = Path(__file__).resolve().parents[2]
CARD = ROOT / "src" / "evolvisense" / "models" / "specs" / "voice.md"
FIGURES = ROOT / "docs" / "figures" / "voice"
BEGIN, END = "<!-- figures: python -m training.voice.card -->", "<!-- end of figures -->"
HEADLINE: dict[str, Callable[[Read], float]] = {
    "UAR": intervals.uar,
    "AUC, arousal": intervals.auc_arousal,
    "AUC within speakers": intervals.auc_within,
    "AUC, emotions": intervals.auc_probs,
    "ECE, emotions": intervals.ece_emotion,
    "ECE, arousal": intervals.ece_arousal,
}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _interval(found: Estimate) -> str:
    return f"{found.value:.3f} ({found.low:.3f}-{found.high:.3f})"


def parts_of(read: Read) -> dict[str, Read]:
    return {name: read.at(read.corpus == name) for name in CORPORA} | {"all": read}


def headline(read: Read) -> str:
    rows = [
        [
            name,
            str(len(part)),
            str(len(np.unique(part.speaker))),
            *(_interval(estimate(part, figure)) for figure in HEADLINE.values()),
        ]
        for name, part in parts_of(read).items()
    ]
    return table(["corpus", "clips", "speakers", *HEADLINE], rows)


def recalls(read: Read) -> str:
    rows: list[list[str]] = []
    for name, part in parts_of(read).items():
        counts = intervals.confusion(part)
        pairs = zip(metrics.recall(counts), metrics.precision(counts), strict=True)
        rows.append([name, *("-" if np.isnan(r) else f"{r:.2f} / {p:.2f}" for r, p in pairs)])
    return table(["recall / precision", *EMOTIONS], rows)


def by_sex(read: Read) -> str:
    """Men and women apart, and how each sex's neutral speech is read."""
    neutral = EMOTIONS.index("neutral")
    tense = [EMOTIONS.index("angry"), EMOTIONS.index("fear")]
    rows: list[list[str]] = []
    for name, part in parts_of(read).items():
        for sex in ("female", "male"):
            mine = part.at(part.sex == sex)
            calm = mine.at(mine.emotion == neutral)
            rows.append(
                [
                    name,
                    sex,
                    str(len(mine)),
                    _interval(estimate(mine, intervals.uar)),
                    _interval(estimate(mine, intervals.auc_arousal)),
                    f"{calm.arousal.mean():.2f}",
                    f"{calm.probs[:, tense].sum(axis=1).mean():.2f}",
                ]
            )
    heads = ["clips", "UAR", "AUC, arousal", "arousal of neutral", "anger + fear of neutral"]
    return table(["corpus", "sex", *heads], rows)


def under_conditions(clips: Clips) -> str:
    readers = conditions.fold_readers()
    rows = conditions.some_rows(clips)
    plain: Read | None = None
    lines: list[list[str]] = []
    for name, change in conditions.CONDITIONS.items():
        sounds = conditions.changed(clips, rows, change)
        read = conditions.read_clips(clips, rows, readers, sounds)
        plain = plain or read
        same = (read.probs.argmax(axis=1) == plain.probs.argmax(axis=1)).mean()
        moved = np.abs(read.arousal - plain.arousal)
        each = [part for corpus, part in parts_of(read).items() if corpus != "all"]
        uars, aucs = ([f(part) for part in each] for f in (intervals.uar, intervals.auc_arousal))
        lines.append(
            [
                name,
                f"{uars[0]:.3f}",
                f"{aucs[0]:.3f}",
                f"{np.mean(uars):.3f}",
                f"{np.mean(aucs):.3f}",
                f"{same:.1%}",
                f"{moved.mean():.3f} / {np.quantile(moved, 0.95):.3f}",
                f"{read.arousal.mean() - plain.arousal.mean():+.3f}",
            ]
        )
        print(name, lines[-1][1:], flush=True)
    head = ["condition", "UAR RAVDESS", "AUC RAVDESS", "UAR, mean", "AUC, mean", "same emotion"]
    return table([*head, "arousal moves, mean / 95 %", "shift"], lines)


def other_corpora() -> str:
    """Runs that leave a whole corpus out.

    `python -m training.voice.train --run left-out-CORPUS --held-out CORPUS` makes one.
    """
    rows: list[list[str]] = []
    for corpus in CORPORA:
        log = runs_dir() / f"left-out-{corpus}" / "log.jsonl"
        if log.is_file():
            found = json.loads(log.read_text("utf-8").splitlines()[-1]).get("all")
            if found:
                names = ("uar", "auc_arousal", "auc_probs", "auc_aroused")
                rows.append([corpus, *(f"{found[name]:.3f}" for name in names)])
    head = ["left out", "UAR", "AUC, arousal", "AUC, emotions", "AUC, all aroused"]
    return table(head, rows) if rows else "Not made with this recipe.\n"


def synthetic_voices() -> str:
    """The shipped network on voices of espeak-ng, none of which was trained on."""
    found = synthetic.read_voices(VoiceEmotionReader())
    if not found:
        return "espeak-ng was not there.\n"
    rows = [
        [name, *(f"{value:.2f}" for value in probs), f"{arousal:.2f}"]
        for name, (probs, arousal) in found.items()
    ]
    return table(["voice", *EMOTIONS, "arousal"], rows)


def cost() -> str:
    reader = VoiceEmotionReader()
    seconds = np.random.default_rng(0).normal(0, 0.05, 10 * mel.RATE_HZ).astype(np.float32)
    windows = seconds[: 9 * mel.RATE_HZ].reshape(3, -1)
    lines: list[str] = []
    for name, sound in (("three windows of 3 s", windows), ("one of 10 s", seconds[None])):
        times: list[float] = []
        for _ in range(15):
            started = time.process_time()
            reader.read_windows(sound)
            times.append(time.process_time() - started)
        lines.append(f"{name} {1000 * min(times):.0f} ms")
    size = CARD.with_suffix(".onnx").stat().st_size
    return f"File {size / 1e6:.2f} MB; on one core, features included: {', '.join(lines)}.\n"


def write_figures(read: Read) -> str:
    FIGURES.mkdir(parents=True, exist_ok=True)
    drawn = {
        "reliability-emotions": to_svg(intervals.bins_of_emotion(read), "emotions, out of fold"),
        "reliability-arousal": to_svg(intervals.bins_of_arousal(read), "arousal, out of fold"),
    }
    for name, part in parts_of(read).items():
        counts = intervals.confusion(part)
        drawn[f"confusion-{name}"] = confusion_to_svg(counts, EMOTIONS, f"{name}, out of fold")
    for name, text in drawn.items():
        (FIGURES / f"{name}.svg").write_text(text, "utf-8")
    return "\n".join(f"![{n}](../../../../docs/figures/voice/{n}.svg)" for n in drawn) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", help="print, leave the card alone")
    options = parser.parse_args()
    clips = load_clips()
    read = conditions.read_clips(clips, np.arange(len(clips)), conditions.fold_readers())
    parts = [
        "### Speakers held out\n",
        headline(read),
        recalls(read),
        by_sex(read),
        write_figures(read),
        "### Conditions\n",
        under_conditions(clips),
        "### A whole corpus left out\n",
        other_corpora(),
        "### Synthetic neutral voices\n",
        synthetic_voices(),
        "### Cost\n",
        cost(),
    ]
    text = "\n".join(parts)
    if options.print:
        print(text)
        return
    card = CARD.read_text("utf-8")
    before, rest = card.split(BEGIN)
    _, after = rest.split(END)
    CARD.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", "utf-8")
    print(f"{CARD} and {FIGURES} written")


if __name__ == "__main__":
    main()
