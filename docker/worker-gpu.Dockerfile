# A worker with the engine paddleocr_vl. Its VLM runs in a container of its own (see compose.yaml).
#
# BASE may be pinned by version, as in paddlepaddle/paddleocr-vl:paddleocr3.7-nvidia-gpu. For Blackwell GPUs:
# BASE=…:latest-nvidia-gpu-sm120 and PADDLE_INDEX=…/cu129/. PaddlePaddle of the base is used where it is new enough.
# Without a GPU, for a VLM server elsewhere: BASE=python:3.11-slim-bookworm and PROFILE=paddle-cpu.
ARG BASE=ccr-2vdh3abv-pub.cnc.bj.baidubce.com/paddlepaddle/paddleocr-vl:latest-nvidia-gpu
# sha256:… pins what the tag stands for.
ARG DIGEST=

FROM ${BASE}${DIGEST:+@${DIGEST}} AS packages
# hadolint ignore=DL3002
USER root
WORKDIR /build
# A slim base lacks python3-venv, and what OpenCV needs to be imported.
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3-venv libgl1 libglib2.0-0 libgomp1 \
 && rm -rf /var/lib/apt/lists/*
COPY requirements requirements
COPY docker/install.sh docker/
ARG PROFILE=paddle-gpu
ARG PADDLE=paddlepaddle-gpu>=3.2.1,<4
ARG PADDLE_INDEX=https://www.paddlepaddle.org.cn/packages/stable/cu126/
# PaddlePaddle says "No ccache found" when it is imported. That is harmless: ccache serves who compiles operators.
RUN docker/install.sh "${PROFILE}"

FROM ${BASE}${DIGEST:+@${DIGEST}}
USER root
ARG VERSION=0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="PaddleOCR-VL Service: worker, GPU" \
      org.opencontainers.image.description="Reads the documents that the API has taken, with PaddleOCR-VL" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN apt-get update \
 && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 libgomp1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --gid 0 --no-create-home --home-dir /data --shell /usr/sbin/nologin ocr \
 && install -d -o ocr -g root -m 2770 /data /models
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY LICENSE NOTICE ./
COPY app app
COPY worker worker
RUN python3 -m compileall -q .
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp DATA_DIR=/data
ENV ENGINE=paddleocr_vl PADDLE_PDX_CACHE_HOME=/models
USER 10001:0
# The layout model is part of the image, so that a worker starts without network. WARM_UP= leaves it out.
ARG MODEL=v1.6
ARG WARM_UP=1
RUN [ -z "${WARM_UP}" ] || MODEL=${MODEL} python -m worker.engines.paddleocr_vl.prefetch
HEALTHCHECK --interval=30s --timeout=10s --start-period=300s CMD ["python", "-m", "worker.healthcheck"]
CMD ["python", "-m", "worker"]
