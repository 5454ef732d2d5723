// Shapes that come over /v1, for the type checker alone. The schemas are in /openapi.json.

/** @typedef {"queued" | "running" | "succeeded" | "failed" | "canceled"} JobState */

/**
 * @typedef {object} Analysis
 * @property {string} id
 * @property {JobState} state
 * @property {string} stage
 * @property {number} percent 0-100
 * @property {number | null} queue_position
 * @property {number} attempts
 * @property {string | null} submission
 * @property {Record<string, any>} options
 * @property {number} media_bytes
 * @property {string} created_at
 * @property {string | null} started_at
 * @property {string | null} finished_at
 * @property {string | null} expires_at
 * @property {{code: string, detail: string} | null} error
 * @property {{self: string, events: string, report: string | null, overlay?: string | null}} links
 */

/**
 * @typedef {object} Limits
 * @property {number} max_upload_bytes
 * @property {number} max_files
 * @property {number} max_duration_s
 * @property {number} report_retention_s
 * @property {number} media_retention_s
 * @property {number} live_streams
 * @property {number} live_max_fps
 * @property {"open" | "strict"} profile
 * @property {boolean} observations_only
 * @property {boolean} [keys_required]
 * @property {boolean} baselines whether personal baselines are kept for whoever asks
 * @property {Record<string, string>} purposes
 * @property {{version: string, text: string}} consent
 * @property {string} notice what the numbers do not mean
 */

/**
 * One figure of /v1/analyses/{id}/figures; `data` and `layout` are plotly's.
 * @typedef {object} FigureJson
 * @property {string} name
 * @property {string} title
 * @property {string} description
 * @property {Array<Record<string, any>>} data
 * @property {Record<string, any>} layout
 * @property {number} height_px
 * @property {string | null} absent_reason
 */

/**
 * What `POST /v1/analyses` takes as `options`.
 * @typedef {object} Options
 * @property {number} [frame_skip]
 * @property {number | null} [max_frames]
 * @property {boolean} [voice]
 * @property {string} [language]
 * @property {boolean} [observations_only]
 * @property {boolean} [landmarks]
 * @property {{blur_faces: boolean | null} | null} [overlay]
 * @property {{name: string, task: string | null} | null} [baseline]
 * @property {{confirmed_by: string, confirmed_at: string, text_version: string}} [consent]
 * @property {{kind: string, ethics_id: string | null}} [purpose]
 */

/** @typedef {"angry" | "disgust" | "fear" | "happy" | "sad" | "surprise" | "neutral"} Emotion */
/** @typedef {Array<number | null>} Column */

/**
 * Columns over the frames in which a person was found.
 * @typedef {object} FaceTimeline
 * @property {number[]} frame_number
 * @property {number[]} time_s on the file's clock
 * @property {number[]} track_id
 * @property {number[]} left_px
 * @property {number[]} top_px
 * @property {number[]} right_px
 * @property {number[]} bottom_px
 * @property {Column} score
 * @property {Record<Emotion, number[]> | null} probabilities
 * @property {string[]} uncertain
 * @property {Array<"yes" | "no" | "unknown">} speaking
 * @property {Column | null} eye_openness
 * @property {Column | null} smile
 * @property {Column | null} mouth_opening
 * @property {Column | null} pitch_deg
 * @property {Column | null} yaw_deg
 * @property {Column | null} roll_deg
 * @property {Record<string, Column> | null} actions
 * @property {{points: any, values: string} | null} [landmarks]
 */

/**
 * @typedef {object} Person
 * @property {number} id
 * @property {boolean} is_main
 * @property {number} frames
 * @property {number} share_of_frames
 * @property {Record<Emotion, number> | null} mean_probabilities
 * @property {Array<{id: number, start_s: number, end_s: number, frames: number}>} tracks
 * @property {Record<string, number | null>} measures
 * @property {Array<{start_s: number, end_s: number, depth: number}> | null} blinks
 * @property {Record<string, string>} absent
 * @property {FaceTimeline} timeline
 */

/**
 * @typedef {object} Contribution
 * @property {string} feature
 * @property {string | null} missing_reason
 * @property {number | null} value
 * @property {number | null} reference_mean
 * @property {number | null} reference_sd
 * @property {number | null} measurement_sd
 * @property {number | null} z
 * @property {number} weight
 * @property {number | null} reliability
 * @property {number | null} contribution
 */

/**
 * @typedef {object} Indicator
 * @property {string} name
 * @property {number | null} score
 * @property {string | null} no_score_reason
 * @property {number | null} interval_low
 * @property {number | null} interval_high
 * @property {number} coverage
 * @property {Contribution[]} contributions
 */

/**
 * @typedef {object} Change
 * @property {string} feature
 * @property {number} value
 * @property {number} baseline_mean
 * @property {number} change
 * @property {boolean} is_reliable
 */

/**
 * @typedef {object} Baseline
 * @property {boolean} is_used
 * @property {number} recordings
 * @property {number} days
 * @property {number} missing_recordings
 * @property {number} missing_days
 * @property {Change[]} changes
 */

/**
 * @typedef {object} IndicatorBlock
 * @property {string} language
 * @property {number} shrinkage
 * @property {number} blocks
 * @property {Indicator[]} scores
 * @property {Array<{name: string, value: number | null, missing_reason: string | null, stands_on_s: number | null}>} features
 * @property {Baseline | null} baseline
 * @property {any[]} [windows]
 */

/**
 * @typedef {object} Voice
 * @property {Record<string, any>} measures
 * @property {Record<string, any>} quality
 * @property {Array<{start_s: number, end_s: number}>} segments
 * @property {number[]} syllables_s
 * @property {{start_s: number[], end_s: number[], speech_share: number[], probabilities: Record<Emotion, number[]>, arousal: number[]} | null} emotion
 * @property {{step_s: number, time_s: number[], speech_probability: number[], f0_hz: Column, level_dbfs: Column}} timeline
 */

/**
 * @typedef {object} Report
 * @property {string} schema_version
 * @property {string} limits
 * @property {IndicatorBlock} indicators
 * @property {Record<string, any>} media
 * @property {Record<string, any>} options
 * @property {Array<{id: string, version: string, licence: string, sha256: string | null}>} models
 * @property {{number: number[], time_s: number[], faces: number[]}} frames
 * @property {Person[]} people
 * @property {Voice | null} voice
 * @property {string | null} voice_absent_reason
 * @property {Record<string, any> | null} v1
 * @property {{reason: string, parts: string[]} | null} withheld
 * @property {Array<{code: string, message: string}>} warnings
 * @property {Record<string, number>} timings_s
 */

export {};
