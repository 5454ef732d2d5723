from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LOAD = "from evolvisense import Analyzer; Analyzer()"


def test_the_engines_keep_no_id_of_the_machine_and_no_record_of_their_use(tmp_path: Path):
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(home), "TMPDIR": str(temporary)}
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
        environment.pop(name, None)
    subprocess.run([sys.executable, "-c", LOAD], env=environment, check=True)
    assert list(home.rglob("*")) == []
    assert list(temporary.rglob("*")) == []
