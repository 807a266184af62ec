# The API: takes documents, answers questions; no model library. Its workers are images of their own.
ARG BASE=python:3.11-slim-bookworm
# sha256:… pins what the tag stands for.
ARG DIGEST=

FROM ${BASE}${DIGEST:+@${DIGEST}} AS packages
WORKDIR /build
COPY requirements/api.txt requirements/sbom.txt requirements/uv.txt requirements/
COPY docker/install.sh docker/
RUN docker/install.sh api

FROM ${BASE}${DIGEST:+@${DIGEST}}
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="PaddleOCR-VL Service: API" \
      org.opencontainers.image.description="Takes documents and answers with markdown; workers read them" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Any user of group 0 may write to /data, as some clusters choose the user themselves.
RUN useradd --uid 10001 --gid 0 --no-create-home --home-dir /data --shell /usr/sbin/nologin ocr \
 && install -d -o ocr -g root -m 2770 /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY LICENSE NOTICE ./
COPY app app
RUN python3 -m compileall -q .
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp HOST=0.0.0.0 DATA_DIR=/data
USER 10001:0
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["python", "-m", "app.cli.healthcheck"]
CMD ["python", "-m", "app", "api"]
