"""`uvicorn app:app --host 0.0.0.0 --port 7860`; settings come from the environment."""

from evolvisense.server import create_app

app = create_app()
