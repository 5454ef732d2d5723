"""What errors say of themselves."""

from __future__ import annotations

import errno

import pytest

from evolvisense.errors import is_disk_full


@pytest.mark.parametrize(
    ("error", "is_full"),
    [
        (OSError(errno.ENOSPC, "no space"), True),
        (OSError(errno.EDQUOT, "over quota"), True),
        (OSError(errno.EIO, "broken"), False),
        (ValueError("no"), False),
    ],
)
def test_a_quota_that_is_used_up_is_a_full_disk(error: Exception, is_full: bool) -> None:
    assert is_disk_full(error) is is_full
