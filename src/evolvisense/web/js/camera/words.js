// Lengths for people, and why a recording ended.

/**
 * 83 as "1 min 23 s".
 * @param {number} seconds
 */
export function lengthText(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const rest = whole % 60;
  return `${Math.floor(whole / 60)} min${rest ? ` ${rest} s` : ""}`;
}

/**
 * Why a recording ended by itself; empty where the person ended it.
 * @param {import("./recording.js").StoppedBy} by
 */
export function whyStopped(by) {
  return {
    person: "",
    size: "It ended by itself: more would be too large for this server. ",
    duration: "It ended by itself: this is the longest that fits. ",
    device: "It ended early because the camera or the microphone stopped. ",
  }[by];
}
