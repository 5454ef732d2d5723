"""Labelled pictures in a folder, or in a zip file of the same layout: CLASS/.../picture.png."""

from __future__ import annotations

import os
import zipfile
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from evaluation.errors import EvaluationError
from evaluation.labels import class_indices

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".pgm"})
RESOURCE_FORKS = "__MACOSX"
"""Folder of hidden files that macOS adds to every zip file."""


@dataclass(frozen=True)
class Picture:
    """One labelled picture, not read yet."""

    path: str
    """Relative to the folder, with slashes."""
    label: int
    """Index in EMOTIONS."""


@dataclass(frozen=True)
class PictureFolder:
    """What lies in a folder."""

    path: str
    """As it was given."""
    pictures: tuple[Picture, ...]
    """By path."""
    unknown_classes: Mapping[str, int]
    """Class folders that are no emotion of ours -> how many pictures they hold."""
    without_class: int
    """Pictures that lie in no class folder."""
    other_files: int
    """Files whose ending is none of SUFFIXES; hidden files are not counted."""
    read: Callable[[str], bytes]
    """Content of a picture by its path. Raises OSError or what zipfile raises."""


@contextmanager
def open_folder(path: Path) -> Generator[PictureFolder]:
    """List a folder, or a zip file that stays open inside the `with`.

    Raises EvaluationError where there is nothing at `path` or no picture in a known class.
    """
    if path.is_dir():
        yield _listed(path, _walk(path), lambda name: (path / name).read_bytes())
    elif not path.exists():
        raise EvaluationError(f"there is no folder or zip file {path}")
    else:
        with _archive(path) as archive:
            names = {info.filename for info in archive.infolist() if not info.is_dir()}
            yield _listed(path, names, archive.read)


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise EvaluationError(f"{path} is neither a folder nor a zip file: {error}") from error


def _walk(root: Path) -> Iterator[str]:
    """Relative paths of all files; links are followed, but never round in a circle."""

    def fail(error: OSError) -> None:
        raise EvaluationError(f"cannot list {error.filename}: {error.strerror}") from error

    for folder, subfolders, files in os.walk(root, onerror=fail, followlinks=True):
        here = Path(folder).relative_to(root)
        way = {(root / above).resolve() for above in (here, *here.parents)}
        subfolders[:] = [name for name in subfolders if (root / here / name).resolve() not in way]
        yield from ((here / name).as_posix() for name in files)


def _listed(path: Path, names: Iterable[str], read: Callable[[str], bytes]) -> PictureFolder:
    files = [PurePosixPath(name) for name in sorted(names) if not _is_hidden(name)]
    found = [file for file in files if file.suffix.lower() in SUFFIXES]
    inside = [file for file in found if len(file.parts) > 1]
    indices = class_indices({file.parts[0] for file in inside})
    pictures = tuple(
        Picture(str(file), indices[file.parts[0]]) for file in inside if file.parts[0] in indices
    )
    unknown = Counter(file.parts[0] for file in inside if file.parts[0] not in indices)
    if not pictures:
        seen = ", ".join(unknown) or "none with pictures"
        raise EvaluationError(
            f"no picture in a class folder (angry, disgust, fear, happy, sad, surprise, neutral) "
            f"of {path}; folders there: {seen}"
        )
    return PictureFolder(
        path=str(path),
        pictures=pictures,
        unknown_classes=dict(unknown),
        without_class=len(found) - len(inside),
        other_files=len(files) - len(found),
        read=read,
    )


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return parts[0] == RESOURCE_FORKS or any(part.startswith(".") for part in parts)
