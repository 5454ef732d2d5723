// The states of the page: choose, work, problem, result.

import { send } from "./upload.js";
import { showResult, clearResult } from "./result.js";

const $ = (id) => document.getElementById(id);
const maxUploadBytes = Number(document.body.dataset.maxUploadBytes);

let file = null;
let request = null;
let ticking = 0;

$("max-size").textContent = sizeText(maxUploadBytes);

$("file").addEventListener("change", () => choose($("file").files[0]));

for (const name of ["dragenter", "dragover"]) {
  $("drop").addEventListener(name, (event) => {
    event.preventDefault();
    $("drop").classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) {
  $("drop").addEventListener(name, () => $("drop").classList.remove("over"));
}
$("drop").addEventListener("drop", (event) => {
  event.preventDefault();
  choose(event.dataTransfer.files[0]);
});
// A file that misses the field must not replace the page.
for (const name of ["dragover", "drop"]) {
  window.addEventListener(name, (event) => event.preventDefault());
}

$("start").addEventListener("submit", (event) => {
  event.preventDefault();
  const maxFrames = $("max-frames");
  if (!maxFrames.checkValidity() || maxFrames.value === "") {
    showProblem("That number does not fit", "The field takes a whole number, 1 or more.");
    maxFrames.focus();
    return;
  }
  if (file) {
    analyse({
      frame_skip: $("frame-skip").value, max_frames: maxFrames.value, language: $("language").value,
    });
  }
});

$("cancel").addEventListener("click", () => {
  request?.abort();
  showStart();
  $("analyse").focus();
});

$("again").addEventListener("click", () => {
  $("start").hidden = false;
  $("start").scrollIntoView({ block: "center" });
  $("file").focus();
});

function choose(chosen) {
  if (!chosen) return;
  $("problem").hidden = true;
  if (chosen.size > maxUploadBytes) {
    file = null;
    $("analyse").disabled = true;
    $("chosen").textContent = "Choose another video, or drop it here";
    $("chosen-note").textContent = `up to ${sizeText(maxUploadBytes)}`;
    showProblem(
      "This video is too large",
      `It has ${sizeText(chosen.size)}; this server takes up to ${sizeText(maxUploadBytes)}.`,
    );
    return;
  }
  file = chosen;
  $("chosen").textContent = chosen.name;
  $("chosen-note").textContent = `${sizeText(chosen.size)} \u00b7 choose another one by clicking`;
  $("analyse").disabled = false;
}

function analyse(options) {
  const analysed = file;
  clearResult();
  $("problem").hidden = true;
  $("start").hidden = true;
  $("working").hidden = false;
  $("cancel").focus();
  say("Uploading");
  $("progress").value = 0;
  startClock();
  request = send(analysed, options, {
    progress: (share) => { $("progress").value = share; },
    uploaded: () => {
      say("Analysing");
      $("progress").removeAttribute("value");
    },
    done: (answer) => {
      showStart();
      $("start").hidden = true;
      showResult(answer, analysed);
    },
    failed: ({ title, text, code, requestId }) => {
      showStart();
      showProblem(title, text, code, requestId);
    },
  });
}

function showStart() {
  clearInterval(ticking);
  request = null;
  $("working").hidden = true;
  $("start").hidden = false;
}

function showProblem(title, text, code = "", requestId = "") {
  $("problem-title").textContent = title;
  $("problem-text").textContent = text;
  $("problem-code").textContent = code ? `Code ${code}` + (requestId ? ` \u00b7 request ${requestId}` : "") : "";
  $("problem").hidden = false;
  $("problem").scrollIntoView({ block: "nearest" });
}

function say(text) {
  $("working-text").textContent = text;
}

function startClock() {
  const beganMs = performance.now();
  const tick = () => {
    $("elapsed").textContent = `${Math.floor((performance.now() - beganMs) / 1000)} s`;
  };
  clearInterval(ticking);
  tick();
  ticking = setInterval(tick, 500);
}

function sizeText(bytes) {
  const mb = bytes / 1024 ** 2;
  if (mb < 0.1) return `${Math.ceil(bytes / 1024)} kB`;
  return `${mb < 10 ? Number(mb.toFixed(1)) : Math.round(mb)} MB`;
}
