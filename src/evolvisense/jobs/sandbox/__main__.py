"""Where a sandboxed process begins: rights are given up first, then the target is imported."""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
from pathlib import Path
from typing import NoReturn

from evolvisense.jobs.sandbox.child import ChildChannel
from evolvisense.jobs.sandbox.confinement import OUT_OF_MEMORY, confine
from evolvisense.jobs.sandbox.limits import Limits

log = logging.getLogger(__name__)


def main(text: str) -> NoReturn:
    """Run the target that the settings (JSON of process.py) name, and end.

    Ends without tidying up: the destructors of native libraries are no part of the work.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    settings = json.loads(text)
    descriptors = [settings[name] for name in ("tasks", "answers", "lifeline")]
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    tasks, answers, lifeline = descriptors
    limits = Limits(**settings["limits"])
    writable = settings["writable"]
    isolation = confine(
        limits, lifeline, None if writable is None else [Path(path) for path in writable]
    )
    channel = ChildChannel(tasks, answers, limits.cpu_s)
    channel.hello(isolation)
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


if __name__ == "__main__":
    main(sys.argv[1])
