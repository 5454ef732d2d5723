// Pictures of a camera as JPEG files, so many a second.

const LONGEST_SIDE_PX = 640;
const QUALITY = 0.8;
/** A camera that says a picture is older than this has another clock. */
const OLDEST_MS = 1000;

/**
 * @typedef {object} Taking
 * @property {() => number} perSecond asked before each picture
 * @property {() => boolean} isWanted asked before a picture is taken
 * @property {(file: ArrayBuffer, takenMs: number) => void} onPicture
 *   `takenMs`: on the clock of `performance.now()`
 */

/**
 * Take pictures from a video element that plays a camera.
 * @param {HTMLVideoElement} video
 * @param {Taking} taking
 * @returns {() => void} ends it
 */
export function takePictures(video, { perSecond, isWanted, onPicture }) {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) throw new Error("this browser draws no canvas");
  let isOver = false;
  let isEncoding = false;
  let dueMs = 0;

  /**
   * @param {number} nowMs
   * @param {{captureTime?: number}} [about]
   */
  const look = (nowMs, about = {}) => {
    if (isOver) return;
    if (nowMs >= dueMs && !isEncoding && isWanted() && video.videoWidth) {
      dueMs = Math.max(dueMs + 1000 / perSecond(), nowMs);
      take(takenAt(about.captureTime, nowMs));
    }
    next();
  };
  const next = () => {
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(look);
    else requestAnimationFrame(look);
  };
  /** @param {number} takenMs */
  const take = (takenMs) => {
    const zoom = Math.min(1, LONGEST_SIDE_PX / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * zoom);
    canvas.height = Math.round(video.videoHeight * zoom);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    isEncoding = true;
    canvas.toBlob((blob) => void hand(blob, takenMs), "image/jpeg", QUALITY);
  };
  /**
   * @param {Blob | null} blob
   * @param {number} takenMs
   */
  const hand = async (blob, takenMs) => {
    const file = await blob?.arrayBuffer();
    isEncoding = false;
    if (file && !isOver) onPicture(file, takenMs);
  };
  next();
  return () => { isOver = true; };
}

/**
 * When a picture was taken: what the camera says, where it can be so.
 * @param {number | undefined} saidMs
 * @param {number} nowMs
 */
function takenAt(saidMs, nowMs) {
  const isSo = saidMs !== undefined && saidMs <= nowMs && nowMs - saidMs < OLDEST_MS;
  return isSo ? saidMs : nowMs;
}
