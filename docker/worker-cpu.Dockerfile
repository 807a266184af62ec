# A worker with the CPU engine pp_ocr; its models are part of the packages.
ARG BASE=python:3.11-slim-bookworm
# sha256:… pins what the tag stands for.
ARG DIGEST=

FROM ${BASE}${DIGEST:+@${DIGEST}} AS packages
WORKDIR /build
COPY requirements.txt .
COPY requirements/sbom.txt requirements/uv.txt requirements/
COPY docker/install.sh docker/
RUN docker/install.sh cpu

FROM ${BASE}${DIGEST:+@${DIGEST}}
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="PaddleOCR-VL Service: worker, CPU" \
      org.opencontainers.image.description="Reads the documents that the API has taken, on the CPU" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN useradd --uid 10001 --gid 0 --no-create-home --home-dir /data --shell /usr/sbin/nologin ocr \
 && install -d -o ocr -g root -m 2770 /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY LICENSE NOTICE ./
COPY app app
COPY worker worker
RUN python3 -m compileall -q .
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp DATA_DIR=/data
USER 10001:0
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-m", "worker.healthcheck"]
CMD ["python", "-m", "worker"]
