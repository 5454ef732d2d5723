// What `WS /v1/live` says, for the type checker alone. For people: docs/live.md.

/** @typedef {import("../shared/types.js").Emotion} Emotion */

/**
 * @typedef {object} FaceNow
 * @property {number} track_id
 * @property {[number, number, number, number]} box left, top, right, bottom in pixels
 * @property {number} presence 0-1
 * @property {boolean} is_main
 * @property {Record<Emotion, number>} probabilities
 * @property {string} uncertain why the expression should not be read, or empty
 * @property {number} smile 0-1
 * @property {number} eye_openness 0-1
 * @property {number} mouth_opening
 * @property {{pitch_deg: number, yaw_deg: number, roll_deg: number}} pose
 */

/**
 * @typedef {object} VoiceWindow
 * @property {number} window_s
 * @property {number} heard_s
 * @property {number} voiced_s
 * @property {boolean | null} speaking
 * @property {number | null} speech_share
 * @property {number | null} f0_median_hz
 * @property {number | null} f0_sd_st
 * @property {number | null} level_dbfs
 * @property {Record<string, string>} absent
 */

/**
 * @typedef {object} Voiced
 * @property {VoiceWindow | null} voice
 * @property {string | null} voice_absent_reason
 */

/**
 * @typedef {object} FramePart
 * @property {"frame"} type
 * @property {number} seq
 * @property {number} time_s
 * @property {number} width_px
 * @property {number} height_px
 * @property {FaceNow[]} faces
 * @property {number} dropped
 */

/** @typedef {FramePart & Voiced} Frame */
/** @typedef {{type: "voice", time_s: number} & Voiced} VoiceMessage */
/** @typedef {{type: "dropped", seq: number, reason: "too_fast" | "busy"}} Dropped */
/**
 * @typedef {{type: "error", code: string, detail: string, fatal: boolean, seq: number | null}} Failure
 */

/**
 * @typedef {object} Configured
 * @property {"configured"} type
 * @property {string} session
 * @property {number} max_fps
 * @property {number} max_frame_bytes
 * @property {string} limits
 */

/** @typedef {Configured | Frame | VoiceMessage | Dropped | Failure} ServerMessage */

/** @typedef {import("../shared/types.js").Options} Options */

export {};
