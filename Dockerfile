FROM python:3.12-slim
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 EVOLVISENSE_DATA_DIR=/data
RUN useradd --create-home --uid 1000 user && install -d -o user -g user -m 700 /data
WORKDIR /app
COPY deploy/requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
RUN pip install --no-cache-dir --no-deps . && python -m compileall -q /usr/local/lib/python3.12/site-packages/evolvisense
USER user
VOLUME /data
EXPOSE 7860
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/readyz', timeout=4)"]
# Refuses to start without keys, unless EVOLVISENSE_ALLOW_ANONYMOUS=1: docs/server.md.
CMD ["evolvisense", "serve", "--host", "0.0.0.0", "--port", "7860"]
