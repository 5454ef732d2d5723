"""Write the numbers of the reference set: `python -m training.reference.build --folds DIR`.

DIR holds the networks of the folds, `fold0.onnx` and so on, as `training.voice` exports them: each
speaker is heard by the one that has not been trained on them. Without it the features of voice
emotion have no reference. Takes six to sixteen minutes on one core; the same data and versions
give the same numbers.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from evolvisense import Analyzer
from evolvisense.indicators.reference import FILE
from evolvisense.models.sessions import OnnxSession
from evolvisense.types.arrays import F64
from evolvisense.types.indicators import EMOTION_FEATURES, Feature
from evolvisense.voice.emotion import VoiceEmotionReader
from training.reference import conditions, norms, probe
from training.reference.assumed import ASSUMED, RELIABILITY, Assumed
from training.reference.heads import head_norm
from training.reference.speakers import FEATURES, Speaker, measured, read_speakers
from training.voice.dataset import FOLDS, Clips, load_clips
from training.voice.folders import data_dir

TARGET = Path(__file__).parents[2] / "src" / "evolvisense" / "indicators" / FILE
FORMAT = 2
SPLITS = 200
RETEST_ICC = 0.5
RETEST_ICC_LEVEL = 0.95
DECIMALS = 5
SOURCE = "the reference set: neutral and calm clips, mean over speakers"
REFERENCE_PACKS = ("speech_train",)
"""The networks of the folds that norms of voice emotion need were trained on this pack."""
CORPORA = {
    "ravdess": "RAVDESS actors 1-18, neutral and calm (Livingstone & Russo 2018), CC BY-NC-SA 4.0",
    "nemo": "nEMO, neutral (Christop 2024), CC BY-NC-SA 4.0",
    "ased": "ASED v1, neutral (Retta et al. 2023), no licence stated",
}
NOTES = {
    "unit": "A speaker: all neutral and calm clips together, as one recording whose pauses are "
    "those inside clips, each clip brought to the same median level.",
    "mean_sd": "Between speakers; the noise of chance is taken out of sd. `any` adds the variance "
    "between the corpora.",
    "noise_var_s": f"From {SPLITS} random splits of each speaker's clips into halves.",
    "condition_sd": "Root mean square of what one and the same recording deviates from itself when "
    "room, noise, microphone and codec are put on it at random, up to 3 sd of `any`; corpora "
    "weigh the same. For voice emotion the variance between the networks of the folds, on people "
    "whom none has heard, is added. Against a personal baseline there is none: same device, same "
    "network. Face: not measured, 0.",
    "reliability": "sd^2 / (sd^2 + noise_var_s / 30 s + the conditions' part of condition_sd^2), "
    "mean over languages: the correlation of two recordings with 30 s of speech, made under "
    "conditions of their own and heard by one network. Provisional features: .3, assumed.",
    "session_reliability": "The same without conditions: of two recordings from one session.",
    "retest_icc": ".5 assumed: half of 56 speech features of healthy adults were under moderate "
    "after 2-3 days (Feng et al. 2024). F0 level .95 assumed, within the .76-.99 of mean F0 and "
    "other voice measures on five days (Park & Stepp 2019).",
    "correlations": "Between speakers of one language and sex, languages weighing the same, "
    "shrunken toward 0 (Schafer & Strimmer 2005). Features not listed: taken to be uncorrelated.",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=Path, help="folder with fold0.onnx, fold1.onnx, ...")
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args()
    # First, for it takes seconds and may fail where the models of this checkout do not fit, or the
    # reference file that is there.
    analyzer = Analyzer()
    assumed = {**ASSUMED, "head_speed_log_deg_s": head_norm(analyzer, data_dir() / "clips")}
    clips, networks, strangers = load_clips(REFERENCE_PACKS), None, None
    if options.folds is not None:
        check_folds(options.folds, clips)
        networks = fold_networks(options.folds)
        strangers = conditions.read_strangers(networks, data_dir() / "clips")
    strays = conditions.read_strays(clips, networks)
    speakers = read_speakers(clips, networks)
    document = reference(speakers, assumed, strays, strangers)
    document["about"]["probe"] = {name: rounded(x) for name, x in probe.features().items()}
    document["about"]["extractors"] = {model.id: model.version for model in analyzer.models}
    if options.folds is not None:
        document["about"]["folds"] = fold_hashes(options.folds)
    document["about"]["command"] = shlex.join(
        ["python", "-m", "training.reference.build"]
        + ([] if options.folds is None else ["--folds", str(options.folds)])
    )
    options.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {options.out}", file=sys.stderr)


def fold_networks(folder: Path) -> list[VoiceEmotionReader]:
    """Network k has not heard the speakers of fold k."""
    return [VoiceEmotionReader(OnnxSession(path.read_bytes())) for path in fold_files(folder)]


def fold_files(folder: Path) -> list[Path]:
    return [folder / f"fold{k}.onnx" for k in range(FOLDS)]


def fold_hashes(folder: Path) -> dict[str, str]:
    """File -> sha256."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in fold_files(folder)}


def check_folds(folder: Path, clips: Clips) -> None:
    """The networks were trained with the folds that the clips are dealt into now."""
    known: dict[str, int] = json.loads((folder / "folds.json").read_text(encoding="utf-8"))
    now = dict(zip(clips.speaker.tolist(), clips.fold.tolist(), strict=True))
    if known != now:
        raise SystemExit(f"{folder / 'folds.json'} deals speakers into other folds: export again")


def reference(
    speakers: list[Speaker],
    assumed: dict[Feature, Assumed],
    strays: norms.Strays,
    strangers: F64 | None,
) -> dict[str, Any]:
    """The file's content; without `strangers` there is no reference for voice emotion."""
    from_set = [f for f in FEATURES if f not in assumed]
    if strangers is None:
        from_set = [f for f in from_set if f not in EMOTION_FEATURES]
    sample = sample_of(speakers, from_set)
    noise = norms.noise_var_s(sample)
    spreads = norms.spreads(sample, noise)
    sds = dict(zip(from_set, spreads["any"].sd.tolist(), strict=True))
    sds |= {feature: norm.sd for feature, norm in assumed.items()}
    circumstances = circumstances_of(strays, strangers, sds)
    strayed = {
        feature: rounded(np.hypot(found["condition_sd"], found["network_sd"]))
        for feature, found in circumstances.items()
    }
    condition_var = np.array([circumstances[f]["condition_sd"] ** 2 for f in from_set])
    across = norms.reliability(spreads, noise, condition_var)
    within = norms.reliability(spreads, noise)
    rho, shrunken_by = norms.correlations(sample, spreads)
    features: dict[str, Any] = {}
    for i, feature in enumerate(from_set):
        features[feature] = about(feature, across[i], within[i], SOURCE, provisional=False)
    for feature, norm in assumed.items():
        features[feature] = about(feature, RELIABILITY, RELIABILITY, norm.source, provisional=True)
    return {
        "format": FORMAT,
        "about": provenance(speakers)
        | {
            "conditions": conditions_of(strays, strangers) | {"features": circumstances},
            "correlations_shrunken_by": rounded(shrunken_by),
        },
        "features": features,
        "norms": {
            language: {
                feature: numbers(spread.mean[i], spread.sd[i], noise[i], strayed[feature])
                for i, feature in enumerate(from_set)
            }
            | {
                f: numbers(n.mean, n.sd, n.noise_var_s, strayed.get(f, 0.0))
                for f, n in assumed.items()
            }
            for language, spread in sorted(spreads.items())
        },
        "correlations": {"features": from_set, "rho": [[rounded(x) for x in row] for row in rho]},
    }


def circumstances_of(
    strays: norms.Strays, strangers: F64 | None, sds: dict[Feature, float]
) -> dict[Feature, dict[str, float]]:
    """Of every feature of the voice with a norm: what conditions and networks do to it."""
    sd = np.array([sds.get(feature, np.nan) for feature in FEATURES])
    condition_sd = np.sqrt(norms.condition_var(strays, sd))
    shift = norms.known_mean(strays.deviation.reshape(-1, len(FEATURES)))
    network_sd = np.zeros(len(FEATURES))
    if strangers is not None:
        is_asked = np.isin(FEATURES, EMOTION_FEATURES)
        network_sd = np.where(is_asked, np.sqrt(norms.network_var(strangers)), 0.0)
    return {
        feature: {
            "condition_sd": rounded(condition_sd[i]),
            "shift": rounded(shift[i]),
            "network_sd": rounded(network_sd[i]),
        }
        for i, feature in enumerate(FEATURES)
        if feature in sds
    }


def conditions_of(strays: norms.Strays, strangers: F64 | None) -> dict[str, Any]:
    """What `circumstances_of` stands on."""
    names, counts = np.unique(strays.corpus, return_counts=True)
    return {
        "recordings": dict(zip(names.tolist(), counts.tolist(), strict=True)),
        "draws_of_each": strays.deviation.shape[1],
        "refused_by_gates": rounded(np.isnan(strays.deviation).all(axis=2).mean()),
        "levels": {factor: list(levels) for factor, levels in conditions.LEVELS.items()},
        "strangers": 0 if strangers is None else len(strangers),
    }


def sample_of(speakers: list[Speaker], features: list[Feature]) -> norms.Sample:
    """Values of all clips of each speaker and of SPLITS random halves of them."""
    rng = np.random.default_rng(0)
    columns = [FEATURES.index(feature) for feature in features]
    whole: list[tuple[F64, F64]] = []
    halves: list[tuple[F64, F64]] = []
    for speaker in speakers:
        order = rng.permuted(np.tile(np.arange(speaker.clips), (SPLITS, 1)), axis=1)
        first = (order < speaker.clips // 2).astype(np.int64)
        value, seconds = measured(speaker, np.concatenate([first * 0 + 1, first, 1 - first]))
        whole.append((value[0], seconds[0]))
        halves.append((value[SPLITS:], seconds[SPLITS:]))
    shape = (len(speakers), 2, SPLITS, -1)

    def by_half(part: int) -> F64:
        table = np.array([pair[part] for pair in halves]).reshape(shape)
        return table[..., columns].swapaxes(0, 1)

    return norms.Sample(
        language=np.array([s.language for s in speakers]),
        sex=np.array([s.sex for s in speakers]),
        value=np.array([pair[0] for pair in whole])[:, columns],
        seconds=np.array([pair[1] for pair in whole])[:, columns],
        halves=by_half(0),
        halves_s=by_half(1),
    )


def about(
    feature: Feature, across: float, within: float, source: str, *, provisional: bool
) -> dict[str, Any]:
    """Reliability across conditions and within a session."""
    return {
        "reliability": rounded(across),
        "session_reliability": rounded(within),
        "retest_icc": RETEST_ICC_LEVEL if feature == "f0_level_st" else RETEST_ICC,
        "provisional": provisional,
        "source": source,
    }


def numbers(mean: float, sd: float, noise_var_s: float, condition_sd: float) -> dict[str, float]:
    return {
        "mean": rounded(mean),
        "sd": rounded(sd),
        "noise_var_s": rounded(noise_var_s),
        "condition_sd": condition_sd,
    }


def rounded(value: float) -> float:
    return round(float(value), DECIMALS)


def provenance(speakers: list[Speaker]) -> dict[str, Any]:
    corpora: dict[str, Any] = {}
    for corpus, text in CORPORA.items():
        mine = [s for s in speakers if s.corpus == corpus]
        corpora[corpus] = {
            "what": text,
            "language": mine[0].language,
            "speakers": len(mine),
            "women": sum(s.sex == "female" for s in mine),
            "clips": sum(s.clips for s in mine),
            "audio_s": round(sum(s.audio_s for s in mine)),
            "speech_s": round(sum(float(s.material.speech_s.sum()) for s in mine)),
        }
    return {
        "written": datetime.now(UTC).date().isoformat(),
        "corpora": corpora,
        "method": NOTES,
    }


if __name__ == "__main__":
    main()
