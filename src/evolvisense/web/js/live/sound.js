// Sound of a microphone as PCM16, with times on the clock of the pictures.

const MOST_HZ = 48_000;
const SAMPLE_BYTES = 2;
/** Times are counted in samples; they are set anew where the clocks differ by more than this. */
const MOST_DRIFT_S = 0.1;

/**
 * @typedef {object} SoundTaker
 * @property {number} rateHz
 * @property {() => void} close
 */

/**
 * Take the sound of a stream; null where it has none.
 * @param {MediaStream} stream
 * @param {(pcm16: ArrayBuffer, timeS: number) => void} onSound
 *   `timeS`: of the first sample, on the clock of `performance.now()`
 * @returns {Promise<SoundTaker | null>}
 */
export async function takeSound(stream, onSound) {
  if (!stream.getAudioTracks().length) return null;
  let context = new AudioContext();
  if (context.sampleRate > MOST_HZ) {
    await context.close();
    context = new AudioContext({ sampleRate: MOST_HZ });
  }
  try {
    return await connected(context, stream, onSound);
  } catch (error) {
    await context.close();
    throw error;
  }
}

/**
 * @param {AudioContext} context
 * @param {MediaStream} stream
 * @param {(pcm16: ArrayBuffer, timeS: number) => void} onSound
 * @returns {Promise<SoundTaker>}
 */
async function connected(context, stream, onSound) {
  await context.audioWorklet.addModule(new URL("./pcm.worklet.js", import.meta.url));
  const node = new AudioWorkletNode(context, "pcm16", { numberOfOutputs: 0 });
  const rateHz = Math.round(context.sampleRate);
  let nextS = 0;
  node.port.addEventListener("message", ({ data }) => {
    const lengthS = data.byteLength / SAMPLE_BYTES / rateHz;
    const beganS = performance.now() / 1000 - lengthS;
    const timeS = Math.abs(beganS - nextS) < MOST_DRIFT_S ? nextS : beganS;
    nextS = timeS + lengthS;
    onSound(data, timeS);
  });
  node.port.start();
  context.createMediaStreamSource(stream).connect(node);
  return { rateHz, close: () => void context.close() };
}
