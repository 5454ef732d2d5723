"""Delete from an environment what the server never opens: `python deploy/trim.py FOLDER`.

FOLDER is that of the packages (site-packages). Used in the Dockerfile's first stage; what is left
is tried by `make test-image`.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
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
    "plotly/graph_objs/**/__pycache__",
    # Databases that are not used here.
    "sqlalchemy/testing",
    "sqlalchemy/dialects/mssql",
    "sqlalchemy/dialects/mysql",
    "sqlalchemy/dialects/oracle",
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
LOADED, PAGE_BYTES = 1, 4096
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
    return freed + strip(packages)


def strip(packages: Path) -> int:
    """Strip internal symbols from shared libraries; returns the number of bytes saved.

    Some libraries that auditwheel has changed (libgfortran and OpenBLAS in `<package>.libs`) no
    longer load after stripping. So each result is checked; the original stays if it is broken.
    """
    freed = 0
    for path in packages.rglob("*.so*"):
        if path.is_symlink() or not path.is_file():
            continue
        part = path.with_name(f"{path.name}.part")
        subprocess.run(["strip", "--strip-unneeded", "-o", str(part), str(path)], check=True)
        if is_loadable(part.read_bytes()):
            freed += path.stat().st_size - part.stat().st_size
            part.replace(path)
        else:
            part.unlink()
    return freed


def is_loadable(elf: bytes) -> bool:
    """Whether offset and address of each loaded part of a 64-bit library agree within a page."""
    (table,) = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    for number in range(count):
        kind, _, offset, address = struct.unpack_from("<IIQQ", elf, table + number * size)
        if kind == LOADED and (offset - address) % PAGE_BYTES:
            return False
    return True


if __name__ == "__main__":
    sys.stdout.write(f"{trim(Path(sys.argv[1])) / 1e6:.0f} MB less\n")
