# The base is named once. To pin it to the image that the registry has today:
#   docker buildx imagetools inspect python:3.12-slim --format '{{.Manifest.Digest}}'
#   docker build --build-arg BASE=python:3.12-slim@sha256:... .
ARG BASE=python:3.12-slim

FROM ${BASE} AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/evolvisense/bin:$PATH
RUN apt-get update -q && apt-get install -qy --no-install-recommends binutils
RUN python -m venv /opt/evolvisense
WORKDIR /source
COPY deploy/requirements.txt deploy/trim.py deploy/
RUN pip install --require-hashes -r deploy/requirements.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src src
COPY docs docs
RUN pip install --no-deps . \
 && install -m 644 LICENSE NOTICE /opt/evolvisense/ \
 && python deploy/trim.py /opt/evolvisense/lib/python3*/site-packages \
 && rm -rf /opt/evolvisense/share/jupyter

FROM ${BASE}
ENV PATH=/opt/evolvisense/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 EVOLVISENSE_DATA_DIR=/data
RUN useradd --create-home --uid 1000 user && install -d -o user -g user -m 700 /data
COPY --from=packages /opt/evolvisense /opt/evolvisense
WORKDIR /home/user
USER user
VOLUME /data
EXPOSE 7860
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/readyz', timeout=4)"]
# Without keys it prints an address with a token, unless EVOLVISENSE_ALLOW_ANONYMOUS=1: docs/server.md.
CMD ["evolvisense", "serve", "--host", "0.0.0.0", "--port", "7860"]
