"""`evolvisense serve`."""

from __future__ import annotations


def run_server(host: str, port: int) -> None:
    """Serve until interrupted."""
    import uvicorn  # noqa: PLC0415 - the other commands do not need a web server

    from evolvisense.server import create_app  # noqa: PLC0415

    uvicorn.run(create_app(), host=host, port=port, log_level="info")
