"""Several replicas are refused where they could not share queue and files."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from evolvisense.errors import InvalidOptionError
from evolvisense.service.replicas import Scale, mount_of, require_shareable
from evolvisense.service.settings import Settings

POSTGRES = "postgresql+psycopg://a@b/c"
MOUNTS = r"""22 1 0:20 / / rw,relatime - overlay overlay rw
30 22 0:31 / /mnt/with\040space rw - nfs4 a:/b rw,vers=4.1,local_lock=none
31 22 0:32 / /mnt/old rw shared:1 - nfs a:/b rw,vers=3,nolock
32 22 0:33 / /mnt/bucket rw - fuse.s3fs s3fs rw
33 32 0:34 / /mnt/bucket/disk rw - ext4 /dev/a rw
34 22 0:35 / /mnt/old rw - cephfs a rw
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTS)
    return path


@pytest.mark.parametrize(
    ("url", "hint"),
    [("", "EVOLVISENSE_DATABASE_URL"), ("sqlite:////data/queue.db", "SQLite is a file")],
)
def test_sqlite_is_refused_for_several(tmp_path: Path, url: str, hint: str):
    settings = Settings(data_dir=tmp_path, database_url=url)
    for scale in (Scale(most_servers=2, workers=0, most_workers=0), Scale(most_workers=1)):
        with pytest.raises(InvalidOptionError, match=hint):
            require_shareable(settings, scale)


def test_the_folder_of_each_home_is_refused_for_several():
    with pytest.raises(InvalidOptionError, match="EVOLVISENSE_DATA_DIR"):
        require_shareable(Settings(database_url=POSTGRES), Scale())


def test_one_process_needs_neither():
    require_shareable(Settings(), Scale(workers=0, most_workers=0, own_workers=2))


def test_several_with_postgres_and_a_folder_may_start(tmp_path: Path):
    require_shareable(Settings(data_dir=tmp_path, database_url=POSTGRES), Scale(most_servers=3))


@pytest.mark.parametrize(("kind", "options"), [("nfs", {"nolock"}), ("fuse.gcsfuse", {"rw"})])
def test_a_folder_without_locks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, options: set[str]
):
    monkeypatch.setattr(
        "evolvisense.service.replicas.mount_of", lambda _: (kind, frozenset(options))
    )
    with pytest.raises(InvalidOptionError, match=f"on {kind} .*locks do not hold"):
        require_shareable(Settings(data_dir=tmp_path, database_url=POSTGRES), Scale())


@pytest.mark.parametrize(
    ("folder", "kind", "option"),
    [
        ("/home", "overlay", "relatime"),
        ("/mnt/with space/data", "nfs4", "local_lock=none"),
        ("/mnt/bucket/x", "fuse.s3fs", "rw"),
        ("/mnt/bucket/disk/x", "ext4", "rw"),
        ("/mnt/old/x", "cephfs", "rw"),
    ],
)
def test_the_mount_of_a_folder_is_the_nearest_and_last(
    mounts: Path, folder: str, kind: str, option: str
):
    found, options = mount_of(Path(folder), mounts)
    assert found == kind
    assert option in options


def test_this_machine_says_what_it_has(tmp_path: Path):
    kind, options = mount_of(tmp_path / "not" / "there")
    assert kind != "unknown"
    assert options


def test_most_is_no_fewer_than_least():
    with pytest.raises(ValidationError, match="no fewer"):
        Scale(servers=2)
    with pytest.raises(ValidationError):
        Scale.model_validate({"server": 2})
