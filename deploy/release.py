"""Build what is given to others: `python -m deploy.release`, run by `make release`.

dist/ then holds the sdist, the wheel that is built from it, the SBOM of the image and SHA256SUMS.
The same commit gives the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
SBOM = ROOT / "sbom.cdx.json"
SUMS = "SHA256SUMS"


def main() -> None:
    """Build, check and sum up; a check that fails ends it."""
    shutil.rmtree(DIST, ignore_errors=True)
    run("build", "--no-isolation", "--outdir", str(DIST), str(ROOT))
    (wheel,) = DIST.glob("*.whl")
    (sdist,) = DIST.glob("*.tar.gz")
    run("twine", "check", "--strict", str(wheel), str(sdist))
    run("check_wheel_contents", str(wheel))
    version = wheel.name.split("-")[1]
    shutil.copyfile(SBOM, DIST / f"evolvisense-{version}-image.cdx.json")
    (DIST / SUMS).write_text(sums(DIST), "utf-8")
    sys.stdout.write((DIST / SUMS).read_text("utf-8"))


def run(module: str, *arguments: str) -> None:
    """Run a tool of this environment; timestamps in archives are those of the commit."""
    written = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    environment = os.environ | ({"SOURCE_DATE_EPOCH": written} if written else {})
    subprocess.run([sys.executable, "-m", module, *arguments], env=environment, check=True)


def sums(folder: Path) -> str:
    """A line for each file, as `sha256sum --check` reads them."""
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
        if path.name != SUMS
    )


if __name__ == "__main__":
    main()
