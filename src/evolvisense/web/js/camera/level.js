// How loud the microphone is.

const FLOOR_DB = -60;
const SILENT_DB = -58;
const SILENT_S = 4;

/**
 * Move a meter from -60 to 0 dBFS with the peak of the sound; without sound it is empty.
 * @param {MediaStream} stream
 * @param {HTMLElement} bar of the role `meter`; its child is the filling
 * @param {(isSilent: boolean) => void} onSilent nothing at all is heard for some seconds, or again is
 * @returns {() => void} ends it
 */
export function showLevel(stream, bar, onSilent) {
  fill(bar, FLOOR_DB);
  onSilent(false);
  if (!stream.getAudioTracks().length) return () => {};
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 2048 });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let heardMs = performance.now();
  let isSilent = false;
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const levelDb = peakDb(samples);
    fill(bar, levelDb);
    const nowMs = performance.now();
    if (levelDb > SILENT_DB) heardMs = nowMs;
    const silent = nowMs - heardMs > SILENT_S * 1000;
    if (silent !== isSilent) {
      isSilent = silent;
      onSilent(silent);
    }
  }, 60);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}

/**
 * @param {HTMLElement} bar
 * @param {number} levelDb
 */
function fill(bar, levelDb) {
  bar.setAttribute("aria-valuenow", levelDb.toFixed(0));
  bar.setAttribute("aria-valuetext", `${levelDb.toFixed(0)} dBFS`);
  const filling = bar.firstElementChild;
  if (filling instanceof HTMLElement) filling.style.transform = `scaleX(${1 - levelDb / FLOOR_DB})`;
}

/** @param {Float32Array} samples full scale is 1 */
function peakDb(samples) {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return Math.max(FLOOR_DB, Math.min(0, 20 * Math.log10(peak || 1e-9)));
}
