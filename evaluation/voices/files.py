"""Where the sound of a table's clips lies."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from evaluation.voices.table import VoiceTable

ARCHIVE_ERRORS = (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, KeyError)
"""zipfile raises RuntimeError for an encrypted member, KeyError for one that it does not have."""


@dataclass(frozen=True)
class SoundFiles:
    """Files of a table's clips, by the path that the table has."""

    found: Mapping[str, Path]
    missing: Mapping[str, str]
    """Path in the table -> why there is no file."""


@contextmanager
def sound_files(table: VoiceTable) -> Generator[SoundFiles]:
    """The files; those from a zip file lie in a temporary folder inside the `with`.

    A path is absolute or relative to the table's folder. What is not there is looked for in the
    zip file of the table's name: voices.zip beside voices.csv.
    """
    folder = table.path.parent
    paths = dict.fromkeys(clip.path for clip in table.clips)
    found = {path: folder / path for path in paths if (folder / path).is_file()}
    absent = [path for path in paths if path not in found]
    archive = table.path.with_suffix(".zip")
    if not absent or not archive.is_file():
        yield SoundFiles(found, {path: _not_there(folder) for path in absent})
        return
    with tempfile.TemporaryDirectory(prefix="evaluation-voices-") as temporary:
        unpacked, missing = _unpack(archive, absent, Path(temporary))
        yield SoundFiles({**found, **unpacked}, missing)


def _unpack(
    archive: Path, paths: Sequence[str], target: Path
) -> tuple[dict[str, Path], dict[str, str]]:
    """Members by their path; files are numbered, so that no name can lead out of the folder."""
    unpacked: dict[str, Path] = {}
    missing: dict[str, str] = {}
    try:
        with zipfile.ZipFile(archive) as members:
            for number, path in enumerate(paths):
                file = target / f"{number}{PurePosixPath(path).suffix}"
                try:
                    file.write_bytes(members.read(PurePosixPath(path).as_posix()))
                except KeyError:
                    missing[path] = f"{_not_there(archive.parent)}, nor in {archive.name}"
                except ARCHIVE_ERRORS as error:
                    missing[path] = f"{archive.name}: {error}"
                else:
                    unpacked[path] = file
    except (OSError, zipfile.BadZipFile) as error:
        return {}, dict.fromkeys(paths, f"{archive.name}: {error}")
    return unpacked, missing


def _not_there(folder: Path) -> str:
    return f"no such file; paths are absolute or relative to {folder}"
