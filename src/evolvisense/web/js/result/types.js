// Shapes of the result view; the report itself is described in docs/report.md.

/**
 * @typedef {"happy"|"surprise"|"neutral"|"sad"|"fear"|"angry"|"disgust"} Emotion
 *
 * @typedef {object} PersonSummary A person of the report without columns.
 * @property {number} id
 * @property {boolean} is_main
 * @property {number} frames
 * @property {number} share_of_frames
 * @property {{certain_share: number, smile_mean: number|null, blinks_per_min: number|null,
 *   head_speed_deg_s: number|null, speaking_share: number|null}} measures
 * @property {{start_s: number, end_s: number, depth: number}[]|null} blinks
 * @property {string|null} blinks_absent_reason
 * @property {string|null} [smile_absent_reason]
 * @property {string|null} [head_absent_reason]
 * @property {string|null} speaking_unknown_reason
 * @property {string[]} actions Names of the facial actions that were read.
 * @property {boolean} hasExpression False where probabilities are withheld.
 * @property {boolean} hasLandmarks
 * @property {{code: string, share: number}[]} uncertain Why frames should not be read, most first.
 * @property {number} watchedS Seconds in which the face was watched.
 *
 * @typedef {object} Contribution
 * @property {string} feature
 * @property {string|null} missing_reason
 * @property {number|null} value
 * @property {number|null} reference_mean
 * @property {number|null} reference_sd
 * @property {number|null} measurement_sd
 * @property {number|null} z
 * @property {number} weight
 * @property {number|null} reliability
 * @property {number|null} contribution
 *
 * @typedef {object} Score
 * @property {"activation"|"tension"|"slowing"|"assertiveness"} name
 * @property {number|null} score
 * @property {string|null} no_score_reason
 * @property {number|null} interval_low
 * @property {number|null} interval_high
 * @property {number} coverage
 * @property {Contribution[]} contributions
 *
 * @typedef {object} Indicators
 * @property {string} language
 * @property {number} blocks
 * @property {number} shrinkage
 * @property {Score[]} scores
 * @property {{is_used: boolean, recordings: number, days: number, missing_recordings: number,
 *   missing_days: number}|null} baseline
 *
 * @typedef {object} VoiceSummary The voice without columns.
 * @property {Record<string, number|null>} measures
 * @property {{snr_db: number|null, clipped_share: number, bandwidth_hz: number|null,
 *   reverberation_s: number|null, speakers: string, novelty: number|null}} quality
 * @property {{name: string, share: number}|null} emotion Heard most over windows of speech.
 *
 * @typedef {object} Legacy
 * @property {Record<string, number>} mental_health
 * @property {Record<string, number>|null} voice_analysis
 * @property {Record<string, number>} emotions Frames per dominant emotion.
 * @property {number} frames
 * @property {number} peak_stress
 * @property {number} video_duration
 *
 * @typedef {object} AnswerValue One thing that was seen or heard (report/summary_parts.py).
 * @property {string} name
 * @property {string} title
 * @property {number|null} value
 * @property {string} unit `share` is 0-1, empty a count.
 * @property {string|null} label
 * @property {number|null} interval_low
 * @property {number|null} interval_high
 * @property {{low: number, high: number, source: string}|null} usual
 * @property {string} sentence
 * @property {string|null} missing
 * @property {string|null} note
 *
 * @typedef {{readable_s: number, shares: Record<Emotion, number>|null}} ExpressionShares
 *
 * @typedef {object} AnswerPerson
 * @property {number} person_id
 * @property {boolean} is_main
 * @property {number} seen_s
 * @property {number} readable_share
 * @property {ExpressionShares} expressions
 * @property {ExpressionShares} expressions_speaking
 * @property {ExpressionShares} expressions_silent
 * @property {AnswerValue[]} values
 *
 * @typedef {object} Answer What was seen and heard, in the order to show it: `report.summary`.
 * @property {string} headline
 * @property {AnswerPerson[]} people
 * @property {AnswerValue[]} voice
 * @property {AnswerValue[]} recording
 * @property {string[]} limits
 * @property {string} indicators
 *
 * @typedef {object} TellingMoment One of `report.moments`; times on the file's clock.
 * @property {string} kind
 * @property {number} start_s
 * @property {number} end_s
 * @property {number} size
 * @property {string} unit
 * @property {number|null} person_id
 * @property {string} sentence
 *
 * @typedef {object} Summary A report without its columns.
 * @property {Answer} [summary] Absent in reports before schema 1.6.
 * @property {TellingMoment[]} [moments]
 * @property {string} limits
 * @property {Indicators} indicators
 * @property {{duration_s: number, size_bytes: number, container: string, audio: object|null,
 *   video: {codec: string, width_px: number, height_px: number,
 *   average_rate_hz: number|null}}} media
 * @property {{frame_skip: number, max_frames: number|null, voice: boolean, language: string}} options
 * @property {{id: string, version: string, licence: string}[]} models
 * @property {{analysed: number, withFace: number, stepS: number}} frames
 * @property {PersonSummary[]} people
 * @property {VoiceSummary|null} voice
 * @property {string|null} voice_absent_reason
 * @property {Legacy|null} v1
 * @property {{reason: string, parts: string[]}|null} withheld
 * @property {{code: string, message: string}[]} warnings
 * @property {{name: string, version: string}} producer
 * @property {number} originS What a player shows as zero, on the file's own clock.
 * @property {number} endS Where the recording ends, from the origin.
 *
 * @typedef {object} PersonMoment One person at one moment.
 * @property {number} id
 * @property {number[]|null} box Left, top, right, bottom in source pixels; null where not seen.
 * @property {Float32Array|null} landmarks x, y in source pixels, one pair for each point.
 * @property {boolean} isSeen
 * @property {string} uncertain Why the expression should not be read; empty where it may.
 * @property {Record<Emotion, number>|null} probabilities
 * @property {number|null} eyeOpenness
 * @property {number|null} smile
 * @property {string} speaking
 *
 * @typedef {object} Moment
 * @property {number} timeS Asked for, from the origin.
 * @property {boolean} isRead Whether a frame was analysed here.
 * @property {number|null} previousS The analysed frame before, from the origin.
 * @property {number|null} nextS The analysed frame after.
 * @property {PersonMoment[]} people
 * @property {{isRead: boolean, isSpeech: boolean, f0Hz: number|null, levelDbfs: number|null}|null}
 *   voice
 */

/** @type {Emotion[]} */
export const EMOTIONS = ["happy", "surprise", "neutral", "sad", "fear", "angry", "disgust"];
