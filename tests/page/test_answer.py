"""The first lines of a result, without an analysis: sentences with what matters set apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

SET_APART = """async (value) => {
    const { withNumber } = await import('/static/js/result/answer.js');
    const parts = withNumber(value);
    return parts.find((part) => part instanceof Element)?.textContent ?? '';
}"""


@pytest.mark.parametrize(
    ("sentence", "label", "value", "wanted"),
    [
        ("No speech in 4.0 s of sound.", None, 0, "No speech"),
        ("No pause of 0.2 s or more.", None, 0, "No pause"),
        ("0 blinks in 4 s.", None, 0, "0"),
        ("Speech: 3.2 s of 4.0 s.", None, 3.2, "3.2 s"),
        ("Mostly happy (62 % of the readable time).", "happy", 0.62, "happy (62 %"),
    ],
)
def test_the_value_is_set_apart_not_another_number(
    page: Page, sentence: str, label: str | None, value: float, wanted: str
) -> None:
    page.goto("/")
    found = page.evaluate(SET_APART, {"sentence": sentence, "label": label, "value": value})
    assert found == wanted


ONE_COLOUR = """async () => {
    const paint = await import('/static/js/result/overview_paint.js');
    const { SILENT, THIS_PERSON, OTHER_PERSON, SOMEBODY } =
        await import("/static/js/result/strips.js");
    const colours = new Proxy({}, { get: () => 'rgb(255, 255, 255)' });
    return [SILENT, THIS_PERSON, OTHER_PERSON, SOMEBODY].map((who) => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 48, height: 30 });
        const context = canvas.getContext('2d');
        const envelope = new Float32Array(48).fill(0.8);
        const strips = { envelope, speech: new Uint8Array(48).fill(who) };
        paint.paintSpeech({ context, width: 48, height: 30, colours }, strips);
        const { data } = context.getImageData(0, 0, 48, 30);
        return data.filter((value, i) => i % 4 === 3).join(',');
    });
}"""


def test_who_speaks_is_told_by_more_than_the_colour(page: Page) -> None:
    page.goto("/")
    drawn = page.evaluate(ONE_COLOUR)
    assert len(set(drawn)) == len(drawn) == 4
