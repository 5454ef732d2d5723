"""The environment of a sandboxed process: what it needs to run, nothing that is secret."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

NAMES = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
PREFIXES = ("EVOLVISENSE_", "OMP_", "ORT_", "OPENBLAS_", "MKL_", "MALLOC_", "CUDA_")
SECRETS = (
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "CREDENTIAL",
    "KEY",
    "DATABASE",
    "DSN",
    "URL",
    "AUTH",
)
"""A variable whose name holds one of these stays outside; a URL may hold a password."""
DEFAULTS = {"OPENBLAS_NUM_THREADS": "1"}
"""Its threads wait for more work by spinning, on cores that decoding needs: a fifth of the CPU time
of a voice (measured), and none of its elapsed time."""


def child_environment(
    environment: Mapping[str, str],
    extra: Mapping[str, str],
    path: Sequence[str] | None = None,
) -> dict[str, str]:
    """DEFAULTS, what passes from `environment`, then `extra` as it is.

    Modules are found where this process finds them (`path`, by default sys.path). There is no
    folder for temporary files.
    """
    passed = {name: value for name, value in environment.items() if _passes(name)}
    places = [str(Path(place).absolute()) for place in (sys.path if path is None else path)]
    return {
        **DEFAULTS,
        **passed,
        "PYTHONPATH": ":".join(dict.fromkeys(places)),
        "PYTHONDONTWRITEBYTECODE": "1",
        **extra,
    }


def _passes(name: str) -> bool:
    if name in NAMES:
        return True
    return name.startswith(PREFIXES) and not any(word in name.upper() for word in SECRETS)
