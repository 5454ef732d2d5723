"""Which files under `out` are the data set's, and putting a new one in the place of an old one.

out/.work/written.json   paths that a data set has, or is about to get
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from evolvisense.batch.outcome import TABLES
from evolvisense.batch.staging import Staging
from evolvisense.errors import InvalidOptionError

JSON_FOLDER = "json"
FOLDERS = (*TABLES, JSON_FOLDER)
MANIFEST = "manifest.json"
FILES = "files.jsonl"
LEDGER = "ledger.jsonl"
WRITTEN = "written.json"
SHOWN = 3


def require_room(staging: Staging, *, keep_json: bool) -> None:
    """Raise InvalidOptionError where a data set would take the place of something else.

    Of files that no batch has written, or of reports that it would not bring up to date.
    """
    out = staging.out
    ours = written(staging)
    strangers = [path for path in _present(out) if path not in ours]
    if not ours and not staging.has_results:
        strangers += [name for name in (MANIFEST, FILES, LEDGER) if (out / name).exists()]
    if strangers:
        more = ", ..." if len(strangers) > SHOWN else ""
        raise InvalidOptionError(
            f"{out} holds files that no batch has written ({', '.join(strangers[:SHOWN])}{more}): "
            "give another folder as --out, or move them away"
        )
    if not keep_json and any(path.startswith(f"{JSON_FOLDER}/") for path in _present(out)):
        raise InvalidOptionError(
            f"{out / JSON_FOLDER} holds the reports of an earlier run: give --json again, or "
            "delete that folder"
        )


def written(staging: Staging) -> set[str]:
    """Paths under `out` that a run has written, or was about to write when it was stopped."""
    out, found = staging.out, set[str]()
    # Each may be missing, cut off, or somebody else's: it tells of nothing then.
    with suppress(OSError, ValueError, TypeError):
        found |= set(json.loads((staging.root / WRITTEN).read_text("utf-8")))
    with suppress(OSError, ValueError, TypeError, KeyError):
        found |= set(json.loads((out / MANIFEST).read_text("utf-8"))["parts"])
        lines = (out / FILES).read_text("utf-8").splitlines()
        found |= {report for line in lines if (report := json.loads(line)["report"])}
    return found


def replace(staging: Staging, new: Path) -> None:
    """Delete what a run has written under `out`, and move the files of `new` there.

    To be used within `storing`, after `require_room`.
    """
    old = written(staging)
    coming = sorted(_present(new))
    _note(staging, sorted({*old, *coming}))
    for path in old:
        (staging.out / path).unlink(missing_ok=True)
    for name in FOLDERS:
        _prune(staging.out / name)
    for path in coming:
        target = staging.out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (new / path).rename(target)
    _note(staging, coming)


def _present(root: Path) -> Iterator[str]:
    """Files in the folders of a data set, but for hidden ones, which desktops leave everywhere."""
    for name in FOLDERS:
        folder = root / name
        if folder.is_file():
            yield name
        for path in folder.rglob("*"):
            if not path.is_dir() and not path.name.startswith("."):
                yield str(path.relative_to(root))


def _note(staging: Staging, paths: list[str]) -> None:
    part = staging.incoming / WRITTEN
    part.write_text(json.dumps(paths), encoding="utf-8")
    part.replace(staging.root / WRITTEN)


def _prune(folder: Path) -> None:
    """Delete the folder with those in it that hold no file."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
