"""`uvicorn app:app --host 127.0.0.1 --port 7860`; settings come from the environment."""

from evolvisense.service.http.app import create_app
from evolvisense.service.logs import configure_logs
from evolvisense.service.settings import Settings

settings = Settings()
configure_logs(settings.log_format, settings.log_level)
app = create_app(settings)
