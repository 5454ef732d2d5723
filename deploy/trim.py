"""Delete from an environment what the server never opens: `python deploy/trim.py FOLDER`.

FOLDER is that of the packages (site-packages). Used in the Dockerfile's first stage; what is left
is tried by `make test-image`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

UNUSED = (
    # ONNX Runtime: the library once more, for C++, and the tools that make models.
    "onnxruntime/capi/libonnxruntime.so.*",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    # Arrow: remote procedure calls, stores (fsspec reads those), headers, sources.
    "pyarrow/libarrow_flight.so.*",
    "pyarrow/libarrow_s3.so.*",
    "pyarrow/_flight.*",
    "pyarrow/_s3fs.*",
    "pyarrow/include",
    "pyarrow/src",
    # Plotly: widgets for notebooks.
    "plotly/labextension",
    "plotly/package_data/widgetbundle.js",
    # What PyAV was compiled from.
    "av/**/*.pyx",
    "av/**/*.pxd",
    "sqlalchemy/**/*.pyx",
    "numpy/_core/include",
    "numpy/f2py",
    "numpy/**/*.a",
    # Tests of packages.
    "numpy/**/tests",
    "pyarrow/**/tests",
    # Haar cascades of OpenCV; the detectors here are networks.
    "cv2/data/*.xml",
    "pip",
    "pip-*.dist-info",
    "setuptools",
    "setuptools-*.dist-info",
)
"""Patterns below the folder."""
SERVICES = {"s3", "sts", "sso", "sso-oidc", "signin"}
"""Of botocore's descriptions of Amazon's services: those that reading a store needs."""


def trim(packages: Path) -> int:
    """Delete them; how many bytes that was."""
    found = [path for pattern in UNUSED for path in packages.glob(pattern)]
    services = packages / "botocore" / "data"
    if services.is_dir():
        found += [
            path for path in services.iterdir() if path.is_dir() and path.name not in SERVICES
        ]
    freed = 0
    for path in found:
        if path.is_dir():
            freed += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            shutil.rmtree(path)
        elif path.exists():
            freed += path.stat().st_size
            path.unlink()
    return freed


if __name__ == "__main__":
    sys.stdout.write(f"{trim(Path(sys.argv[1])) / 1e6:.0f} MB less\n")
