// The columns of a report as series over seconds from the beginning of the recording.

export const EMOTIONS = ["happy", "surprise", "neutral", "sad", "fear", "angry", "disgust"];

const MOST_POINTS = 2000;

/** The time that a player shows as zero: the first picture or the first sound. */
export function originOf(report) {
  const sound = report.voice?.timeline.time_s[0];
  return sound === undefined ? report.media.start_s : Math.min(report.media.start_s, sound);
}

/** Rows of one person over all analysed frames; null where that person was not found. */
export function faceSeries(report, person) {
  const rowOf = new Map(person?.timeline.frame_number.map((number, row) => [number, row]));
  const origin = originOf(report);
  return {
    x: report.frames.time_s.map((time) => time - origin),
    row: report.frames.number.map((number) => rowOf.get(number) ?? null),
    stepS: medianStep(report.frames.time_s),
  };
}

/** Values of a column along `row`. */
export function alongFrames(column, row) {
  return row.map((r) => (r === null ? null : column[r]));
}

/** At most 2000 points, each the mean of the values around it; gaps stay gaps. */
export function thinned(x, y) {
  const size = Math.ceil(x.length / MOST_POINTS);
  if (size <= 1) return { x, y, size: 1 };
  const thin = { x: [], y: [], size };
  for (let i = 0; i < x.length; i += size) {
    const values = y.slice(i, i + size).filter((value) => value !== null);
    thin.x.push(x[i]);
    thin.y.push(values.length ? values.reduce((a, b) => a + b, 0) / values.length : null);
  }
  return thin;
}

/** Index of the value nearest to `time` in an ascending list; -1 when the list is empty. */
export function nearest(x, time) {
  let low = 0;
  let high = x.length - 1;
  if (high < 0) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] <= time) low = middle;
    else high = middle;
  }
  return Math.abs(x[low] - time) <= Math.abs(x[high] - time) ? low : high;
}

function medianStep(times) {
  if (times.length < 2) return 1;
  const steps = times.slice(1).map((time, i) => time - times[i]).sort((a, b) => a - b);
  return steps[steps.length >> 1];
}
