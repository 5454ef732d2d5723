"""`uvicorn app:app --host 127.0.0.1 --port 7860`; settings come from the environment."""

from evolvisense.server.app import create_app
from evolvisense.server.logs import configure_logs
from evolvisense.server.settings import Settings

settings = Settings()
configure_logs(settings.log_format, settings.log_level)
app = create_app(settings)
