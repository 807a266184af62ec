# API and worker in one image, under one supervisor; the store, too, where no REDIS_URL is given.
#
# build.sh makes paddleocr-vl-service:latest of the worker with PaddleOCR-VL, and paddleocr-vl-service:cpu of the other.
ARG WORKER=paddleocr-vl-service-worker-cpu:latest

FROM ${WORKER}
LABEL org.opencontainers.image.title="PaddleOCR-VL Service" \
      org.opencontainers.image.description="Documents in, markdown and images out: API and worker"
ENV HOST=0.0.0.0
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s CMD ["python", "-m", "app.cli.healthcheck"]
CMD ["python", "-m", "app"]
