"""How often people smile in each video of a folder: `python examples/compare_smiles.py DIR`."""

from __future__ import annotations

import sys
from pathlib import Path

from evolvisense import AnalysisOptions, Analyzer
from evolvisense.errors import InputError

SMILE = 0.5


def main() -> None:
    analyzer = Analyzer()  # models are loaded once
    for path in sorted(Path(sys.argv[1]).iterdir()):
        try:
            report = analyzer.analyze(path, AnalysisOptions(frame_skip=3, voice=False))
        except InputError as error:
            print(f"{path.name}: {error}")
            continue
        for person in report.people:
            smiling = (person.timeline.probabilities["happy"] > SMILE).mean()
            print(f"{path.name}: person {person.id}: {smiling:.0%} of {person.frames} frames")


if __name__ == "__main__":
    main()
