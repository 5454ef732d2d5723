// Cameras and microphones: which there are, opening them, and why one cannot be opened.

/**
 * @typedef {{id: string, label: string}} Device
 * @typedef {{cameras: Device[], microphones: Device[]}} Devices
 * @typedef {{videoId?: string, audioId?: string, withSound?: boolean, height?: number}} Wanted
 *   `height`: of the picture in pixels, as near as the camera can
 * @typedef {"insecure_page" | "not_supported" | "denied" | "no_device" | "no_camera"
 *   | "no_microphone" | "in_use" | "not_found_again" | "interrupted" | "unexpected"} CameraProblemCode
 */

/** @type {Record<CameraProblemCode, [title: string, advice: string]>} */
const PROBLEMS = {
  insecure_page: [
    "The camera works over a secure connection only",
    "Open this page with https://, or on the machine itself as http://localhost. "
      + "A file made elsewhere can be analysed here all the same.",
  ],
  not_supported: [
    "This browser gives pages no camera",
    "Use a current Firefox, Chrome, Edge or Safari, or choose a file.",
  ],
  denied: [
    "The camera and the microphone are blocked for this page",
    "Allow them: in the address bar, click the icon beside the address, or look in the privacy "
      + "settings of the device. Then try again.",
  ],
  no_device: [
    "No camera and no microphone was found",
    "Plug one in and switch it on, then try again, or choose a file.",
  ],
  no_camera: [
    "No camera was found",
    "Plug one in and switch it on, then try again, or choose a file.",
  ],
  no_microphone: [
    "No microphone was found",
    "Plug one in, or choose “no microphone”: the face is read, the voice is not.",
  ],
  in_use: [
    "The camera or the microphone is in use",
    "Another program or tab holds it. Close that, or choose another device, then try again.",
  ],
  not_found_again: [
    "The chosen camera or microphone is gone",
    "Choose another one, or plug it in again.",
  ],
  interrupted: [
    "The camera stopped",
    "It was unplugged, switched off, or taken by another program.",
  ],
  unexpected: [
    "The camera cannot be opened",
    "Plug it out and in again, or restart the browser.",
  ],
};

/** Why there is no picture or no sound, in words for people. */
export class CameraProblem extends Error {
  /**
   * @param {CameraProblemCode} code
   * @param {string} [told] what the browser said
   */
  constructor(code, told = "") {
    const [title, advice] = PROBLEMS[code];
    super(title);
    this.name = "CameraProblem";
    this.code = code;
    this.title = title;
    this.advice = advice;
    this.told = told;
  }
}

/**
 * Open a camera, and a microphone unless `withSound` is false. Throws CameraProblem.
 *
 * The sound is left as it is: noise suppression and automatic gain change what is measured.
 * @param {Wanted} [wanted]
 * @returns {Promise<MediaStream>}
 */
export async function openCamera(wanted = {}) {
  const { videoId, audioId, withSound = true, height = 720 } = wanted;
  if (!window.isSecureContext) throw new CameraProblem("insecure_page");
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraProblem("not_supported");
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: {
        ...exactly(videoId),
        width: { ideal: (height * 16) / 9 }, height: { ideal: height }, frameRate: { ideal: 30 },
      },
      audio: withSound && {
        ...exactly(audioId),
        echoCancellation: false, noiseSuppression: false, autoGainControl: false,
      },
    });
  } catch (error) {
    throw await problemOf(error, withSound);
  }
}

/**
 * Cameras and microphones, the names of which are known once one was opened.
 * @returns {Promise<Devices>}
 */
export async function listDevices() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return {
    cameras: named(devices, "videoinput", "Camera"),
    microphones: named(devices, "audioinput", "Microphone"),
  };
}

/**
 * The device of a stream that gives pictures (`video`) or sound (`audio`); empty without one.
 * @param {MediaStream} stream
 * @param {"audio" | "video"} kind
 */
export function deviceOf(stream, kind) {
  const [track] = kind === "video" ? stream.getVideoTracks() : stream.getAudioTracks();
  return track?.getSettings().deviceId ?? "";
}

/**
 * Switch off what a stream holds.
 * @param {MediaStream | null} stream
 */
export function closeStream(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** @param {string | undefined} id */
function exactly(id) {
  return id ? { deviceId: { exact: id } } : {};
}

/**
 * @param {unknown} error
 * @param {boolean} withSound
 */
async function problemOf(error, withSound) {
  if (!(error instanceof DOMException)) throw error;
  const told = `${error.name}: ${error.message}`;
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError":
      return new CameraProblem("denied", told);
    case "NotFoundError":
      return new CameraProblem(withSound ? await whatIsMissing() : "no_camera", told);
    case "NotReadableError":
    case "AbortError":
      return new CameraProblem("in_use", told);
    case "OverconstrainedError":
      return new CameraProblem("not_found_again", told);
    default:
      return new CameraProblem("unexpected", told);
  }
}

/** @returns {Promise<CameraProblemCode>} */
async function whatIsMissing() {
  const { cameras, microphones } = await listDevices();
  if (cameras.length) return "no_microphone";
  return microphones.length ? "no_camera" : "no_device";
}

/**
 * @param {MediaDeviceInfo[]} devices
 * @param {MediaDeviceKind} kind
 * @param {string} fallback
 * @returns {Device[]}
 */
function named(devices, kind, fallback) {
  return devices
    .filter((device) => device.kind === kind)
    .map((device, at) => ({ id: device.deviceId, label: device.label || `${fallback} ${at + 1}` }));
}
