"""`uvicorn app:app --host 127.0.0.1 --port 7860`; settings come from the environment."""

from evolvisense.server import Settings, create_app
from evolvisense.server.logs import configure_logs

settings = Settings()
configure_logs(settings.log_format, settings.log_level)
app = create_app(settings)
