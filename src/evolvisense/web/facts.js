// What a report says in single numbers, in words and in tables.

import { CANNOT_TELL, define, fillTable } from "./dom.js";
import { percent, round, whyAbsent, whyNoVoice, whyUncertain } from "./words.js";

/** Tiles of one person's face; a value that is not there is said with its reason, never as 0. */
export function fillFaceFacts(list, report, person) {
  const { measures, blinks } = person;
  const why = (code) => whyAbsent(code, report.options.frame_skip);
  const motion = person.blinks_absent_reason ?? "sampled_too_slowly";
  const seenS = Math.round(watchedS(person.timeline.time_s)) || "less than 1";
  const tile = (name, value, text, note, reason) => (
    value === null ? [name, CANNOT_TELL, why(reason)] : [name, text(value), note]);
  define(list, [
    ["Expression certain", percent(measures.certain_share), uncertainNote(person)],
    tile("Blinks", blinks && blinks.length, (v) => v,
      measures.blinks_per_min === null ? `in ${seenS} s` : `${round(measures.blinks_per_min, 1)} a minute`,
      motion),
    tile("Smile, mean", measures.smile_mean, percent, "100 % is the broadest", motion),
    tile("Speaking", measures.speaking_share, percent, "of the pictures with this face",
      person.speaking_unknown_reason ?? motion),
    tile("Head movement", measures.head_speed_deg_s, (v) => `${Math.round(v)} \u00b0/s`, "median", motion),
  ]);
}

/** Tiles of the recording. */
export function fillFacts(list, report, person) {
  const analysed = report.frames.number.length;
  const withFace = report.frames.faces.filter((n) => n > 0).length;
  const ofThePictures = (share) => `${percent(share)} of the pictures`;
  define(list, [
    ["Length", `${round(report.media.duration_s, 1)} s`],
    ["Pictures analysed", analysed],
    ["With a face", withFace, analysed ? ofThePictures(withFace / analysed) : null],
    ["People found", report.people.length],
    ...(report.people.length > 1
      ? [[`Person ${person.id} seen in`, person.frames, ofThePictures(person.share_of_frames)]] : []),
  ]);
}

export function fillWarnings(list, { warnings, people, voice_absent_reason: noVoice }) {
  const texts = {
    several_people: `${people.length} people were found: choose one above`,
    no_voice: `No voice could be read: ${whyNoVoice(noVoice)}`,
  };
  list.hidden = !warnings.length;
  list.replaceChildren(...warnings.map(({ code, message: given }) => {
    const item = document.createElement("li");
    const message = texts[code] ?? given;
    item.textContent = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
    return item;
  }));
}

export function fillPeople(select, people) {
  select.replaceChildren(...people.map((person) => {
    const main = person.is_main ? " (main)" : "";
    const option = new Option(
      `${person.id}, in ${percent(person.share_of_frames)} of the pictures${main}`, person.id);
    option.selected = person.is_main;
    return option;
  }));
}

export function fillModels(table, models) {
  fillTable(table, ["Name", "Version", "Licence"], models.map((m) => [m.id, m.version, m.licence]));
}

/** The v1 keys of an answer; `scores` is undefined where they are withheld. */
export function fillLegacy(table, { mental_health: scores, voice_analysis: voice, peak_stress: peak, emotions }) {
  if (!scores) {
    fillTable(table, ["Key", "Value"], [["all", "withheld on request"]]);
    return;
  }
  fillTable(table, ["Key", "Value"], [
    ...Object.entries(scores).map(([name, value]) => [`mental_health.${name}`, value.toFixed(2)]),
    ...(voice ? Object.entries(voice).map(([name, value]) => [`voice_analysis.${name}`, value.toFixed(2)])
      : [["voice_analysis", "null"]]),
    ["peak_stress", peak.toFixed(2)],
    ["emotions (frames)", Object.entries(emotions).map(([name, list]) => `${name} ${list.length}`).join(", ")],
  ]);
}

/** Seconds in which a person was watched; a picture stands for a fifth of a second at most. */
function watchedS(times) {
  return times.slice(1).reduce((sum, time, i) => sum + Math.min(Math.max(time - times[i], 0), 0.2), 0);
}

function uncertainNote({ timeline: { uncertain } }) {
  const counts = new Map();
  for (const code of uncertain) if (code) counts.set(code, (counts.get(code) ?? 0) + 1);
  if (!counts.size) return "of the pictures";
  const [main, count] = [...counts].sort((a, b) => b[1] - a[1])[0];
  return `of the pictures; in ${percent(count / uncertain.length)} ${whyUncertain(main)}`;
}
