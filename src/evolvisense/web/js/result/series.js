// Times of a report: where a player's zero is, where the recording ends, what is nearest.

/** Nothing nearer than this counts as watched without a break, seconds. */
const LONGEST_STEP_S = 0.2;

/**
 * The time that a player shows as zero: the first picture or the first sound.
 * @param {any} report
 */
export function originOf(report) {
  const sound = report.voice?.timeline.time_s[0];
  return sound === undefined ? report.media.start_s : Math.min(report.media.start_s, sound);
}

/**
 * Where the recording ends, from its origin.
 * @param {any} report
 */
export function endOf(report) {
  const origin = originOf(report);
  const sound = report.voice?.timeline;
  const soundEnd = sound?.time_s.length ? sound.time_s.at(-1) + sound.step_s - origin : 0;
  return Math.max(report.media.start_s + report.media.duration_s - origin, soundEnd, 0.1);
}

/**
 * Index of the value nearest to `time` in an ascending list; -1 when the list is empty.
 * @param {ArrayLike<number>} x
 * @param {number} time
 */
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

/**
 * Median distance of ascending times; 1 where there are fewer than two.
 * @param {number[]} times
 */
export function medianStep(times) {
  if (times.length < 2) return 1;
  const steps = times.slice(1).map((time, i) => time - times[i]).sort((a, b) => a - b);
  return steps[steps.length >> 1];
}

/**
 * Seconds in which a face was watched; a frame stands for a fifth of a second at most.
 * @param {number[]} times
 */
export function watchedS(times) {
  return times.slice(1).reduce(
    (sum, time, i) => sum + Math.min(Math.max(time - times[i], 0), LONGEST_STEP_S), 0);
}
