"""HTTP: requests become jobs and files, reports become answers; no analysis is done here.

`settings`: every setting. `app`: all of it put together. `service`: what the routes share;
`watching`: waiting for jobs. `uploads`, `forms`, `places`: multipart to disk. `legacy`:
`POST /analyze-video/`. `v1/`: durable analyses. `live/`, `streaming`: camera and microphone.
`access`, `strict`: who may. `webhooks/`: telling the end of a job. `pages`: the page, the docs, the
probes. `metrics`, `logs`: for operators. `errors`, `refusals`, `middleware`, `openapi`: one shape
for all answers.

Nothing is imported here: workers start before the web framework is loaded.
"""
