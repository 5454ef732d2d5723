"""A client needs no engine, no web server and no database."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from evolvisense.client import AsyncClient, Client, Options
Client("http://localhost").close()
heavy = {"av", "cv2", "onnxruntime", "fastapi", "starlette", "sqlalchemy", "plotly", "pyarrow",
         "evolvisense.report", "evolvisense.analyzer", "evolvisense.service.http"}
print(sorted(heavy & set(sys.modules)))
"""


def test_importing_the_client_is_light():
    found = subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=True, text=True)
    assert found.stdout == "[]\n"
