from __future__ import annotations

from pathlib import Path

import pytest

from trials.clips import small_clip
from trials.disk_full import (
    MAX_UPLOAD_BYTES,
    fill_and_free,
    is_possible,
    small_disk,
)
from trials.process import serving


@pytest.mark.trials
def test_a_full_disk_refuses_uploads_and_loses_no_job(tmp_path: Path):
    if not is_possible():
        pytest.skip("no tmpfs can be mounted here: that takes root")
    options = {"max_upload_bytes": MAX_UPLOAD_BYTES, "min_free_bytes": 0, "workers": 1}
    with small_disk(tmp_path / "data"), serving(tmp_path, **options) as server:
        found = fill_and_free(server, small_clip(), rounds=1, full_s=2)
        assert set(found.codes) == {507}
        assert set(found.health) == {200}
        assert len(found.accepted) == 4
        assert found.ledger.unfinished(found.accepted) == []
        assert found.ledger.not_once() == []
        assert found.missing == ()
        assert found.left == ()
        assert found.after == "succeeded"
        assert found.is_alive
