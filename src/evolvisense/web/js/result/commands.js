// What keys do in the result view.

import { $ } from "../shared/dom.js";

const STEP_S = 1;
const LONG_STEP_S = 10;
const CLOSER = 0.5;
const PAN = 0.5;

/**
 * @param {import("./shown.js").Shown} shown
 * @returns {import("./keys.js").Command[]}
 */
export function commandsOf(shown) {
  const { axis, player, spots } = shown;
  return [
    { keys: [" ", "k"], shown: "Space", does: "play or pause", run: () => player.togglePlaying() },
    { keys: ["ArrowLeft"], shown: "\u2190", does: `${STEP_S} s back`, run: () => shown.skip(-STEP_S) },
    { keys: ["ArrowRight"], shown: "\u2192", does: `${STEP_S} s on`, run: () => shown.skip(STEP_S) },
    { keys: ["Shift+ArrowLeft"], shown: "Shift \u2190", does: `${LONG_STEP_S} s back`, run: () => shown.skip(-LONG_STEP_S) },
    { keys: ["Shift+ArrowRight"], shown: "Shift \u2192", does: `${LONG_STEP_S} s on`, run: () => shown.skip(LONG_STEP_S) },
    { keys: [","], shown: ",", does: "the analysed picture before", run: () => shown.step(-1) },
    { keys: ["."], shown: ".", does: "the next analysed picture", run: () => shown.step(1) },
    { keys: ["n"], shown: "N", does: "the next moment or mark", run: () => spots.step(1) },
    { keys: ["p"], shown: "P", does: "the moment or mark before", run: () => spots.step(-1) },
    { keys: ["l"], shown: "L", does: "repeat the moment, or stop that", run: () => spots.toggleLoop() },
    { keys: ["m"], shown: "M", does: "mark this moment", run: () => spots.mark() },
    { keys: ["M"], shown: "Shift M", does: "end the last mark here, so that it is a range", run: () => spots.endMark() },
    { keys: ["e"], shown: "E", does: "type a note to the last mark", run: () => spots.note() },
    { keys: ["<"], shown: "<", does: "slower", run: () => spots.changeSpeed(-1) },
    { keys: [">"], shown: ">", does: "faster", run: () => spots.changeSpeed(1) },
    { keys: ["Home"], shown: "Home", does: "to the beginning", run: () => axis.seek(0) },
    { keys: ["End"], shown: "End", does: "to the end", run: () => axis.seek(axis.endS) },
    { keys: ["+", "="], shown: "+", does: "zoom in", run: () => axis.zoomBy(CLOSER) },
    { keys: ["-"], shown: "\u2212", does: "zoom out", run: () => axis.zoomBy(1 / CLOSER) },
    { keys: ["0"], shown: "0", does: "show all", run: () => axis.showAll() },
    { keys: ["["], shown: "[", does: "what is shown: earlier", run: () => axis.panBy(-PAN) },
    { keys: ["]"], shown: "]", does: "what is shown: later", run: () => axis.panBy(PAN) },
    { keys: ["?"], shown: "?", does: "this list", run: () => $("keys").showModal() },
  ];
}
