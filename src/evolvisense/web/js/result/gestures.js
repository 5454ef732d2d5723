// Pointing into a plot: a click or a drag moves the cursor, Shift and a drag zoom, Alt and a drag mark
// a range, two clicks show all. The wheel is left to the page.

/** A finger that moves less than this has tapped; it moves further to drag, pixels. */
const TAP_PX = 8;

/**
 * @typedef {object} Area What a pointer may meet, in pixels of the element.
 * @property {number} left
 * @property {number} right
 * @property {number} top
 * @property {number} bottom
 */

/**
 * Listen to an element whose time runs along the area's width.
 * @param {HTMLElement} element
 * @param {import("./axis.js").TimeAxis} axis
 * @param {() => Area} areaOf
 */
export function listenTo(element, axis, areaOf) {
  const mark = document.createElement("div");
  mark.className = "zoom-mark";
  mark.hidden = true;
  element.append(mark);
  /** @type {{id: number, x: number, does: "moves"|"zooms"|"marks", isDrag: boolean} | null} */
  let held = null;

  const timeAt = (/** @type {number} */ x) => {
    const { left, right } = areaOf();
    const [from, to] = axis.range;
    return from + (Math.min(Math.max((x - left) / (right - left), 0), 1)) * (to - from);
  };
  const xOf = (/** @type {PointerEvent} */ event) => (
    event.clientX - element.getBoundingClientRect().left);

  const showMark = (/** @type {number} */ x) => {
    if (!held) return;
    const { left, right, top, bottom } = areaOf();
    const ends = [held.x, Math.min(Math.max(x, left), right)].sort((a, b) => a - b);
    mark.style.cssText = `left:${ends[0]}px;width:${ends[1] - ends[0]}px;top:${top}px;height:${bottom - top}px`;
    mark.hidden = false;
  };
  const letGo = () => {
    held = null;
    mark.hidden = true;
  };

  // Capturing: plotly keeps these events to itself.
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !isInside(event, element, areaOf())) return;
    const isTouch = event.pointerType === "touch";
    held = { id: event.pointerId, x: xOf(event), does: event.shiftKey ? "zooms" : event.altKey ? "marks" : axis.drag, isDrag: false };
    if (isTouch) return; // it may be the begin of scrolling
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    if (held.does === "moves") axis.seek(timeAt(held.x));
  }, true);
  element.addEventListener("pointermove", (event) => {
    if (!held || event.pointerId !== held.id) return;
    const x = xOf(event);
    held.isDrag ||= Math.abs(x - held.x) > TAP_PX;
    if (!held.isDrag) return;
    if (held.does !== "moves") showMark(x);
    else axis.seek(timeAt(x));
  }, true);
  element.addEventListener("pointerup", (event) => {
    if (!held || event.pointerId !== held.id) return;
    const x = xOf(event);
    const { x: began, does, isDrag } = held;
    letGo();
    if (does !== "moves" && isDrag) {
      const [from, to] = [timeAt(began), timeAt(x)].sort((a, b) => a - b);
      if (does === "zooms") axis.zoomTo(from, to);
      else axis.onRange(from, to);
    } else {
      axis.seek(timeAt(x));
    }
  }, true);
  element.addEventListener("pointercancel", letGo, true);
  element.addEventListener("dblclick", (event) => {
    if (isInside(event, element, areaOf())) axis.showAll();
  }, true);
}

/**
 * @param {MouseEvent} event
 * @param {HTMLElement} element
 * @param {Area} area
 */
function isInside(event, element, { left, right, top, bottom }) {
  const box = element.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  return x >= left - TAP_PX && x <= right + TAP_PX && y >= top && y <= bottom;
}
