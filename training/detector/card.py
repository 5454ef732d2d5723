"""Write the figures of the detector's card: `python -m training.detector.card`.

Reads the shipped file, not a checkpoint. Tables go between the markers of
src/evolvisense/models/specs/detector.md.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from evaluation.detection.boxes import read_folder
from evaluation.detection.run import DetectorResult, measure
from evolvisense.face.detect import resized
from evolvisense.face.libfacedetection import LibFaceDetection
from evolvisense.face.single_shot import SingleShotDetector
from evolvisense.face.yunet import YuNet
from evolvisense.media import decode_video
from evolvisense.types.engines import ModelIdentity, SinglePassDetector
from training.detector import aside, conditions
from training.detector.folders import data_dir

ROOT = Path(__file__).resolve().parents[2]
CARD = ROOT / "src" / "evolvisense" / "models" / "specs" / "detector.md"
BEGIN, END = "<!-- figures: python -m training.detector.card -->", "<!-- end of figures -->"
SIDES_PX = (160, 320)
EVERY_FRAME = 5
TIMED = 30


def detectors() -> dict[str, SinglePassDetector]:
    """Ours and the two alternatives."""
    yunet = (data_dir() / "models" / "yunet_n.onnx").read_bytes()
    return {
        "evolvisense": SingleShotDetector(),
        "libfacedetection": LibFaceDetection(),
        "yunet": YuNet(yunet, ModelIdentity("yunet", "yunet_n", "Apache-2.0")),
    }


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def photographs(found: dict[str, SinglePassDetector]) -> str:
    """Average precision on drawn boxes, false boxes on negatives, masked faces."""
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        aside.write(root)
        for side in SIDES_PX:
            masked = conditions.masked_recall(found, side)
            for name, detector in found.items():
                drawn, empty = (
                    measure(detector, read_folder(root / w, root / f"{w}.json"), side, lambda i: i)
                    for w in ("photographs", "negatives")
                )
                rows.append(_row(side, name, drawn, empty, masked[name]))
    head = ["px", "detector", "AP", "recall at .6", "precision at .6", "masked faces found"]
    return table([*head, "false boxes"], rows)


def _row(
    side: int, name: str, drawn: DetectorResult, empty: DetectorResult, masked: float
) -> list[str]:
    figures = [
        f"{v:.3f}" for v in (drawn.ap, drawn.recall, drawn.precision, masked) if v is not None
    ]
    return [str(side), name, *figures, f"{empty.false_boxes} in {empty.n} images"]


def hard_faces(found: dict[str, SinglePassDetector]) -> str:
    rows = [
        [name, str(n), *(f"{share:.2f}" for share in shares.values())]
        for name, n, shares in conditions.shares(found, print)
    ]
    return table(["face", "images", *found], rows)


def clips(found: dict[str, SinglePassDetector]) -> str:
    """Sampled frames with a face, and faces in all, on every clip."""
    rows: list[list[str]] = []
    for path in sorted((data_dir() / "clips").iterdir()):
        frames = [frame.rgb for frame in decode_video(path, EVERY_FRAME)]
        cells: list[str] = []
        for side in SIDES_PX:
            small = [resized(rgb, side) for rgb in frames]
            for name in ("evolvisense", "libfacedetection"):
                counts = [len(found[name].detect_once(rgb)) for rgb in small]
                cells.append(f"{sum(c > 0 for c in counts)} ({sum(counts)})")
        rows.append([path.name, str(len(frames)), *cells])
    head = [
        f"{name}, {side} px" for side in SIDES_PX for name in ("evolvisense", "libfacedetection")
    ]
    return table(["clip", "frames", *head], rows)


def cost(found: dict[str, SinglePassDetector]) -> str:
    """Processor time of one pass: the least of many, which a busy machine disturbs least."""
    rows: list[list[str]] = []
    for name, detector in found.items():
        cells: list[str] = []
        for side in SIDES_PX:
            rgb = np.random.default_rng(0).integers(0, 255, (side, side, 3)).astype(np.uint8)
            times_s: list[float] = []
            for _ in range(TIMED):
                start = time.thread_time()
                detector.detect_once(rgb)
                times_s.append(time.thread_time() - start)
            cells.append(f"{1e3 * min(times_s):.1f}")
        rows.append([name, *cells])
    return table(["one thread, ms", *(f"{side} x {side}" for side in SIDES_PX)], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", help="print, leave the card alone")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    found = detectors()
    parts = [
        "### Photographs with drawn boxes, and images without faces\n",
        photographs(found),
        f"### Share found of faces that are hard to find, {conditions.SIDE_PX} px\n",
        hard_faces(found),
        "### Frames of the clips with a face (faces in all)\n",
        clips(found),
        "### Cost\n",
        cost(found),
    ]
    text = "\n".join(parts)
    if options.print:
        print(text)
        return
    card = CARD.read_text("utf-8")
    before, rest = card.split(BEGIN)
    _, after = rest.split(END)
    CARD.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}", "utf-8")
    print(f"{CARD} written")


if __name__ == "__main__":
    main()
