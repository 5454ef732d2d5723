"""Write the images set aside as folders: `python -m training.detector.aside DIR`.

DIR/photographs with photographs.json (hand-drawn boxes), DIR/negatives with negatives.json (no
faces). Evaluate with `python -m evaluation detector DIR/photographs --boxes DIR/photographs.json`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from training.detector.dataset import files, split
from training.detector.labels import boxes_of, drawn_boxes


def write(folder: Path) -> dict[str, int]:
    """Write images and boxes; returns how many images of each set were written.

    Negatives in which the teacher saw a person are left out: nobody drew their faces.
    """
    _, aside = split()
    of_set = {
        "photographs": set(aside["photograph"]),
        "negatives": {name for name in aside["negative"] if not len(boxes_of(name))},
    }
    boxes: dict[str, dict[str, list[list[float]]]] = {name: {} for name in of_set}
    for name, raw in files():
        for which, names in of_set.items():
            if name in names:
                path = folder / which / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(raw)
                boxes[which][str(Path(name).with_suffix(""))] = drawn_boxes(name).tolist()
    for which, content in boxes.items():
        (folder / f"{which}.json").write_text(json.dumps(content))
    return {which: len(content) for which, content in boxes.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    print(write(parser.parse_args().folder))


if __name__ == "__main__":
    main()
