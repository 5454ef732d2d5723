"""Cameras of a page's tests: what they give instead of Chromium's fake device."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

_KEPT = """
window.opened = [];
const devices = navigator.mediaDevices;
const open = devices.getUserMedia.bind(devices);
devices.getUserMedia = async (wanted) => {
  const stream = await open(wanted);
  window.opened.push(stream);
  return stream;
};
"""

_MEASURED = """
const make = URL.createObjectURL.bind(URL);
URL.createObjectURL = (blob) => {
  window.newestBytes = blob.size;
  return make(blob);
};
"""

_REFUSED = """
navigator.mediaDevices.getUserMedia = async () => {
  throw new DOMException("for the test", "NAME");
};
"""

_GREY = """
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement("canvas");
  canvas.width = 320;
  canvas.height = 240;
  const context = canvas.getContext("2d");
  let shade = 0;
  setInterval(() => {
    shade = (shade + 1) % 60;
    context.fillStyle = `rgb(${shade + 60}, 90, 90)`;
    context.fillRect(0, 0, 320, 240);
  }, 50);
  return canvas.captureStream(20);
};
"""

_DEAF = """
AudioWorklet.prototype.addModule = async () => {
  throw new DOMException("for the test", "NotSupportedError");
};
"""

_ASKING = "navigator.mediaDevices.getUserMedia = () => new Promise(() => {});"

_INSECURE = 'Object.defineProperty(window, "isSecureContext", { value: false });'


def remember_streams(page: Page) -> None:
    """Keep what the page opens, for `tracks_on` and `unplug`."""
    page.add_init_script(_KEPT)


def remember_blobs(page: Page) -> None:
    """Keep the size of what the page shows, as `window.newestBytes`."""
    page.add_init_script(_MEASURED)


def tracks_on(page: Page) -> int:
    """Cameras and microphones that are on."""
    return page.evaluate(
        "window.opened.flatMap((s) => s.getTracks()).filter((t) => t.readyState === 'live').length"
    )


def unplug(page: Page) -> None:
    """The camera of the newest stream ends."""
    page.evaluate(
        """() => {
          const [track] = window.opened.at(-1).getVideoTracks();
          track.stop();
          track.dispatchEvent(new Event("ended"));
        }"""
    )


def refuse(page: Page, name: str) -> None:
    """No camera, for the reason that a DOMException of this name stands for."""
    page.add_init_script(_REFUSED.replace("NAME", name))


def show_grey(page: Page) -> None:
    """A camera before which nobody sits, and no microphone."""
    page.add_init_script(_GREY)


def take_no_sound(page: Page) -> None:
    """A browser that hands out no samples of a microphone."""
    page.add_init_script(_DEAF)


def ask_for_ever(page: Page) -> None:
    """The browser's question, before anybody answers it."""
    page.add_init_script(_ASKING)


def make_insecure(page: Page) -> None:
    """As over http:// from another machine."""
    page.add_init_script(_INSECURE)
