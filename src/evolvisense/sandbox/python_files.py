"""Which files a sandboxed process may read: the interpreter, its packages, models; nothing else."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path

LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
SYSTEM = (
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/dev/null",
    "/dev/zero",
    "/dev/random",
    "/dev/urandom",
    "/proc/self/cgroup",
    "/proc/self/maps",
    "/proc/self/stat",
    "/proc/self/statm",
    "/proc/self/status",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys/vm/overcommit_memory",
    "/sys/bus/pci/devices",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/fs/cgroup",
)
"""What the C library, OpenCV and ONNX Runtime look at: cores, memory, random bytes. Not all of
/proc/self: beneath it are the connections and mounts of the whole machine."""
MODEL_VARIABLES = ("EVOLVISENSE_MODELS_DIR", "EVOLVISENSE_CACHE_DIR")
PACKAGE_FOLDERS = ("site-packages", "dist-packages")


def python_folders(target: str, private: Path | None) -> list[Path]:
    """Folders that Python needs to import `target` and what it uses.

    Of a folder of sources on sys.path, such as the current one, only the package of `target` and
    `evolvisense` are read; their names are found by listing it.

    Args:
        target: "package.module:function".
        private: A folder that must stay closed: a folder of sources that holds it is left out.

    Returns:
        Absolute folders and files that exist.
    """
    roots = {Path(place).resolve() for place in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    found = [root / name for root in roots for name in ("lib", "lib64", "pyvenv.cfg")]
    found += [Path(place) for place in sysconfig.get_paths().values() if _is_packages(Path(place))]
    packages = {"evolvisense", target.partition(":")[0].partition(".")[0]}
    for entry in sys.path:
        place = Path(entry).resolve()
        if _is_packages(place) or place.is_file():
            found.append(place)
        else:
            found += (place / name for name in packages)
            found += (place / f"{name}.py" for name in packages)
    return [path for path in _distinct(found) if path.exists() and not _holds(path, private)]


def source_folders(target: str, private: Path | None) -> list[Path]:
    """Folders of sources that Python has to list to find `target` and `evolvisense`."""
    packages = {"evolvisense", target.partition(":")[0].partition(".")[0]}
    places = [Path(entry).resolve() for entry in sys.path]
    return [
        place
        for place in _distinct(places)
        if place.is_dir()
        and not _is_packages(place)
        and not _holds(place, private)
        and any((place / f"{name}{end}").exists() for name in packages for end in ("", ".py"))
    ]


def system_files(*, programs: bool) -> list[Path]:
    """Shared libraries, devices without content, facts about the machine, models.

    Args:
        programs: Whether programs may be started, so that theirs are needed too.
    """
    found = [*LIBRARIES, *SYSTEM]
    if programs:
        found += [str(Path(sys.executable).parent), str(Path(sys.executable).resolve().parent)]
        found += filter(None, os.environ.get("PATH", "").split(":"))
    found += filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(":"))
    found += filter(None, (os.environ.get(name) for name in MODEL_VARIABLES))
    cache = os.environ.get("XDG_CACHE_HOME")
    home = Path(cache) if cache else Path(os.environ.get("HOME", "/nonexistent")) / ".cache"
    return [*(Path(place) for place in found), home / "evolvisense"]


def _is_packages(place: Path) -> bool:
    """Whether a folder holds installed packages or Python's own modules, nothing else."""
    own = {Path(sysconfig.get_paths()[name]).resolve() for name in ("stdlib", "platstdlib")}
    if any(place == one or one in place.parents for one in own):
        return True
    return place.name in PACKAGE_FOLDERS


def _holds(path: Path, private: Path | None) -> bool:
    if private is None:
        return False
    inner = private.resolve()
    return path == inner or path in inner.parents


def _distinct(paths: Iterable[Path]) -> Sequence[Path]:
    return list(dict.fromkeys(paths))
