"""HTTP: requests become jobs and files, reports become responses; nothing is analysed here.

`app`: all of it put together. `context`: what the routes share; `waiting`: waiting for jobs.
`uploads`, `forms`: multipart to disk. `legacy`: `POST /analyze-video/`. `/v1/analyses`: `submit`,
`analyses`, `events`, `results`, `figures`. `baselines`: `/v1/baselines`. `facts`: `/v1/models` and
`/v1/limits`. `live`: WebSockets. `callers`, `strict`, `token`, `origins`: who may. `pages`: the
page, the docs, the probes. `metrics`: for operators. `errors`, `middleware`, `openapi`: one shape
for all responses.

Nothing is imported here: workers start before the web framework is loaded.
"""

from __future__ import annotations

from evolvisense.extras import require_extra

require_extra("server", "The server", "fastapi", "uvicorn", "sqlalchemy")
