# The image of Ray's nodes: that of the service, and Ray.
#   docker build -t evolvisense:0.1.0 . && docker build -t evolvisense-ray:0.1.0 -f deploy/ray.Dockerfile .
ARG BASE=evolvisense:0.1.0
FROM ${BASE}
USER root
# `default` is the dashboard: KubeRay hands the application over through it.
RUN python -m ensurepip && python -m pip install --no-cache-dir "ray[default,serve]==2.60.0"
USER user
ENV RAY_USAGE_STATS_ENABLED=0
HEALTHCHECK NONE
CMD ["python", "-c", "raise SystemExit('KubeRay gives the command')"]
