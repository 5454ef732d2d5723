// Boxes around faces, over a mirrored picture.

const LABEL_PX = 13;

/**
 * @param {HTMLCanvasElement} canvas lies over the picture, as large as it
 * @param {import("./types.js").Frame | null} frame
 * @param {{main: string, other: string, paper: string}} colours
 */
export function drawBoxes(canvas, frame, colours) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { clientWidth: width, clientHeight: height } = canvas;
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  if (!frame) return;
  context.scale(density, density);
  context.font = `600 ${LABEL_PX}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  const across = width / frame.width_px;
  const down = height / frame.height_px;
  for (const { box, track_id, is_main } of frame.faces) {
    const [left, top, right, bottom] = box;
    const x = width - right * across;
    const y = top * down;
    context.strokeStyle = is_main ? colours.main : colours.other;
    context.lineWidth = is_main ? 3 : 2;
    context.setLineDash(is_main ? [] : [6, 4]);
    context.beginPath();
    context.roundRect(x, y, (right - left) * across, (bottom - top) * down, 8);
    context.stroke();
    label(context, `person ${track_id}`, x, y, is_main ? colours.main : colours.other, colours.paper);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} colour
 * @param {string} paper
 */
function label(context, text, x, y, colour, paper) {
  const wide = context.measureText(text).width + 12;
  const tall = LABEL_PX + 7;
  const top = Math.max(0, y - tall - 3);
  const left = Math.max(0, x);
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(left, top, wide, tall, 5);
  context.fill();
  context.fillStyle = paper;
  context.fillText(text, left + 6, top + tall / 2 + 1);
}
