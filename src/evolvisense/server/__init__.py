"""HTTP: requests become options and files, reports become answers; no analysis is done here.

`settings`: every setting. `uploads`: multipart to disk. `service`: models and queue.
`legacy`: `POST /analyze-video/`. `pages`: the page, the docs, the probes.
`errors`: one error shape. `middleware`: request ids and security headers. `app`: all of it.
"""

from evolvisense.server.app import create_app
from evolvisense.server.settings import Settings

__all__ = ["Settings", "create_app"]
