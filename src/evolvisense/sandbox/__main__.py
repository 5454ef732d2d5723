"""Where a sandboxed process begins: rights are given up first, then the target is imported."""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
from pathlib import Path
from typing import NoReturn

from evolvisense.sandbox.child import ChildChannel
from evolvisense.sandbox.confinement import OUT_OF_MEMORY, Confinement, confine
from evolvisense.sandbox.limits import Limits

log = logging.getLogger(__name__)


def main(text: str) -> NoReturn:
    """Run the target that the settings (JSON of process.py) name, and end.

    Ends without cleanup: destructors of native libraries are not needed.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    settings = json.loads(text)
    descriptors = [settings[name] for name in ("tasks", "answers", "lifeline")]
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    tasks, answers, lifeline = descriptors
    limits = Limits(**settings["limits"])
    in_force, missing = confine(
        Confinement(
            target=settings["target"],
            limits=limits,
            tasks=tasks,
            lifeline=lifeline,
            user=settings["user"],
            writable=_paths(settings["writable"]),
            readable=_paths(settings["readable"]),
            private=_path(settings["private"]),
            planted=_path(settings["planted"]),
        )
    )
    channel = ChildChannel(tasks, answers, limits.cpu_s)
    channel.hello(in_force, missing)
    sys.argv = [settings["target"]]
    module, _, function = settings["target"].partition(":")
    code = 1
    try:
        getattr(importlib.import_module(module), function)(channel)
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY
    except Exception:
        log.exception("%s failed", settings["target"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name)


def _paths(names: list[str] | None) -> list[Path] | None:
    return None if names is None else [Path(name) for name in names]


if __name__ == "__main__":
    main(sys.argv[1])
