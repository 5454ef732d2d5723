"""HTTP: requests become jobs and files, reports become answers; no analysis is done here.

`settings`: every setting. `app`: all of it put together. `service`: what the routes share;
`watching`: waiting for jobs. `uploads`, `forms`, `places`: multipart to disk. `legacy`:
`POST /analyze-video/`. `v1/`: durable analyses. `live/`, `streaming`: camera and microphone.
`access`, `strict`: who may. `webhooks/`: telling the end of a job. `pages`: the page, the docs, the
probes. `metrics`, `logs`: for operators. `errors`, `refusals`, `middleware`, `openapi`: one shape
for all answers.

Nothing is imported here: workers start before the web framework is loaded.

`/v1`: durable analyses, their events and their reports.

`submit`, `analyses`, `events`, `results`, `overlay`, `figures`: the routes of `/v1/analyses`.
`comparing`: `/v1/comparison` and the change against a baseline. `baselines`: `/v1/baselines`.
`facts`: `/v1/models` and `/v1/limits`. `showing`: a job as it is shown. `reading`: its report.
What is sent and received: `evolvisense.api`.
"""

from __future__ import annotations
