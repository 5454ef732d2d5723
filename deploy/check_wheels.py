"""Whether everything that is needed at run time has a wheel on every platform that we name.

usage: python -m deploy.check_wheels [LOCK]     needs uv and a package index
Resolves the lock file without building anything; prints a line for each platform and Python and
exits with 1 where something is missing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

PLATFORMS = {
    "Linux x86_64": "x86_64-manylinux_2_28",
    "Linux aarch64": "aarch64-manylinux_2_28",
    "macOS arm64": "aarch64-apple-darwin",
    "macOS x86_64": "x86_64-apple-darwin",
    "Windows amd64": "x86_64-pc-windows-msvc",
}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
OLDEST_MACOS = "14.0"
IMPOSSIBLE = {("macOS x86_64", "3.14"): "ONNX Runtime has no wheel: use Python 3.13"}


def missing_wheel(lock: str, platform: str, python: str) -> str:
    """The first thing that cannot be installed from wheels; empty where all can."""
    with tempfile.TemporaryDirectory() as target:
        done = subprocess.run(
            [
                "uv", "pip", "install", "--dry-run", "--quiet",
                "--no-deps", "--only-binary", ":all:",
                "--target", target, "--python-platform", platform, "--python-version", python,
                "-r", lock,
            ],
            env=os.environ | {"MACOSX_DEPLOYMENT_TARGET": OLDEST_MACOS},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in done.stderr.splitlines()]
    causes = [line for line in lines if line.startswith(("Because", "cause:", "error:"))]
    return (causes or lines or ["unknown"])[-1]


def main(arguments: list[str]) -> int:
    """Check every platform; the exit status."""
    lock = arguments[0] if arguments else "requirements.txt"
    failed = False
    for name, platform in PLATFORMS.items():
        for python in PYTHONS:
            found = missing_wheel(lock, platform, python)
            excused = IMPOSSIBLE.get((name, python))
            if found and excused is None:
                failed = True
            print(f"{name}, Python {python}: {(excused or found) if found else 'complete'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
