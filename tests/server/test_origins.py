"""Which pages may open a live stream."""

from __future__ import annotations

import pytest

from evolvisense.server.streaming import is_same_origin


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        (None, True),
        ("http://here:7860", True),
        ("https://here:7860", True),
        ("http://there:7860", False),
        ("null", False),
        ("http://[", False),
    ],
)
def test_the_page_of_this_server(origin: str | None, same: bool) -> None:
    headers = {"host": "here:7860"} | ({} if origin is None else {"origin": origin})
    assert is_same_origin(headers) is same
