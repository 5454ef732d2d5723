// The columns of a report as series over seconds from the beginning of the recording.

export const EMOTIONS = ["happy", "surprise", "neutral", "sad", "fear", "angry", "disgust"];

const MOST_POINTS = 2000;

/** The time that a player shows as zero: the first picture or the first sound. */
export function originOf(report) {
  const sound = report.voice?.timeline.time_s[0];
  return sound === undefined ? report.media.start_s : Math.min(report.media.start_s, sound);
}

/** Where the recording ends. */
export function endOf(report) {
  const origin = originOf(report);
  const sound = report.voice?.timeline;
  const soundEnd = sound?.time_s.length ? sound.time_s.at(-1) + sound.step_s - origin : 0;
  return Math.max(report.media.start_s + report.media.duration_s - origin, soundEnd, 0.1);
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

/** The end of the recording in which faces were not read; null where they were read to the end. */
export function unreadEnd({ x, stepS }, endS) {
  const readTo = x.length ? x.at(-1) + stepS : 0;
  return readTo < endS - 2 * stepS ? { from: readTo, to: endS } : null;
}

/** Runs of frames with one answer, without those that have none (null or empty). */
export function stretches(x, answers, stepS) {
  const found = [];
  for (let i = 0; i < x.length; i += 1) {
    if (!answers[i]) continue;
    const last = found.at(-1);
    if (last && last.end === i - 1 && last.answer === answers[i]) last.end = i;
    else found.push({ begin: i, end: i, answer: answers[i] });
  }
  return found.map(({ begin, end, answer }) => ({
    from: Math.max(0, x[begin] - stepS / 2), to: x[end] + stepS / 2, answer,
  }));
}

/** At most 2000 points, each the mean of the values around it; gaps stay gaps. */
export function thinned(x, y) {
  return grouped(x, y, (values) => {
    const known = values.filter((value) => value !== null);
    return known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
  });
}

/** The same for texts: the first of each group. */
export function sampled(x, texts) {
  return grouped(x, texts, (values) => values[0]);
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

function grouped(x, y, merge) {
  const size = Math.ceil(x.length / MOST_POINTS);
  if (size <= 1) return { x, y };
  const thin = { x: [], y: [] };
  for (let i = 0; i < x.length; i += size) {
    thin.x.push(x[i]);
    thin.y.push(merge(y.slice(i, i + size)));
  }
  return thin;
}

function medianStep(times) {
  if (times.length < 2) return 1;
  const steps = times.slice(1).map((time, i) => time - times[i]).sort((a, b) => a - b);
  return steps[steps.length >> 1];
}
