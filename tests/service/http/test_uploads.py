"""The multipart reader, however the body is cut into pieces."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.errors import FileTooLargeError
from evolvisense.service.http.uploads import Form

HEAD = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'
CONTENT = b"\r\n--not the end\r\n-" + bytes(range(256))
BODY = (
    HEAD % b"frame_skip"
    + b"7\r\n"
    + HEAD % b"file"
    + CONTENT
    + b"\r\n"
    + HEAD % "größe".encode()
    + "ja, groß".encode()
    + b"\r\n--b--\r\n"
)


class Sink(io.BytesIO):
    def begin(self) -> None: ...

    def end(self) -> None: ...


def feed(body: bytes, cuts: list[int], max_file_bytes: int = 10_000) -> tuple[bytes, Form]:
    file = Sink()
    form = Form(b"b", file, max_file_bytes)
    for begin, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        form.write(body[begin:end])
    form.require_complete()
    return file.getvalue(), form


@given(st.lists(st.integers(0, len(BODY)), max_size=20).map(sorted))
def test_any_pieces_give_the_same_form(cuts: list[int]):
    content, form = feed(BODY, cuts)
    assert content == CONTENT
    assert dict(form.fields) == {"frame_skip": "7", "größe": "ja, groß"}


def test_byte_by_byte():
    content, form = feed(BODY, list(range(1, len(BODY))))
    assert content == CONTENT
    assert form.fields["frame_skip"] == "7"


def test_the_limit_is_about_the_file_alone():
    feed(BODY, [], max_file_bytes=len(CONTENT))
    with pytest.raises(FileTooLargeError):
        feed(BODY, [], max_file_bytes=len(CONTENT) - 1)
