#!/usr/bin/env bash
# The images of PaddleOCR-VL Service.
#
#   ./build.sh [IMAGE…]     build and tag api, worker-cpu, worker-gpu, service (for GPUs) and service-cpu, or those named
#   ./build.sh --list       print their names and tags
#   ./build.sh --prefetch   gather images and models in ./offline, for a machine without internet
#
# BUILDER is docker, podman or buildah. MODEL (v1, v1.5, v1.6) selects the layout model of the GPU images;
# GPU_SUFFIX=-sm120 builds them for Blackwell. BASE and DIGEST (sha256:…) replace or pin the base of one image.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

name=paddleocr-vl-service
registry=ccr-2vdh3abv-pub.cnc.bj.baidubce.com/paddlepaddle
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' app/__init__.py)
revision=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
images=(api worker-cpu worker-gpu service service-cpu)

fail() { printf '%s\n' "$*" >&2; exit 1; }

# tags IMAGE: its name with both of its tags, the first of them the one that moves
tags() {
  case $1 in
    service) echo "$name:latest $name:$version" ;;
    service-cpu) echo "$name:cpu $name:$version-cpu" ;;
    *) echo "$name-$1:latest $name-$1:$version" ;;
  esac
}

builder() {
  local candidate
  for candidate in ${BUILDER:-docker podman buildah}; do
    command -v "$candidate" >/dev/null && echo "$candidate" && return
  done
  fail "There is no ${BUILDER:-docker, podman or buildah} on the PATH to build images with. Install Docker: https://docs.docker.com/engine/install/"
}

build() {
  local image=$1 tag arguments=() file=docker/$1.Dockerfile
  [[ $image == service* ]] || arguments=(--build-arg "VERSION=$version" --build-arg "REVISION=$revision")
  case $image in
    service) arguments+=(--build-arg "WORKER=$name-worker-gpu:latest") ;;
    service-cpu) arguments+=(--build-arg "WORKER=$name-worker-cpu:latest") file=docker/service.Dockerfile ;;
    worker-gpu)
      arguments+=(--build-arg "BASE=${BASE:-$registry/paddleocr-vl:latest-nvidia-gpu${GPU_SUFFIX:-}}" --build-arg "MODEL=${MODEL:-v1.6}")
      [[ ${GPU_SUFFIX:-} != -sm120 ]] || arguments+=(--build-arg PADDLE_INDEX=https://www.paddlepaddle.org.cn/packages/stable/cu129/)
      ;;
    *) [[ -z ${BASE:-} ]] || arguments+=(--build-arg "BASE=$BASE") ;;
  esac
  [[ -z ${DIGEST:-} || $image == service* ]] || arguments+=(--build-arg "DIGEST=$DIGEST")
  for tag in $(tags "$image"); do arguments+=(--tag "$tag"); done
  echo "== $image: $(tags "$image")"
  "$program" build "${arguments[@]}" --file "$file" .
}

size() { # IMAGE: in megabytes
  local bytes
  if [[ $program == buildah ]]; then
    buildah images --format '{{.Size}}' "$(tags "$1" | cut -d' ' -f1)" | head -n 1
  else
    bytes=$("$program" image inspect --format '{{.Size}}' "$(tags "$1" | cut -d' ' -f1)")
    echo "$((bytes / 1000000)) MB"
  fi
}

# All that a machine without internet needs to run docker/compose.yaml: a file of images and a folder of models.
prefetch() {
  local vlm=$registry/paddleocr-genai-vllm-server:latest-nvidia-gpu${GPU_SUFFIX:-} redis
  redis=$(sed -n 's/^ *image: \(valkey.*\)/\1/p' docker/compose.common.yaml)
  [[ $program != buildah ]] || fail "--prefetch runs a container: it needs docker or podman."
  "$program" image inspect "$name-api:latest" "$name-worker-gpu:latest" >/dev/null 2>&1 || { build api; build worker-gpu; }
  mkdir -p offline/models
  echo "== models of MODEL=${MODEL:-v1.6} into offline/models"
  "$program" run --rm --user "$(id -u):0" --volume "$PWD/offline/models:/models" --env "MODEL=${MODEL:-v1.6}" \
    ${PADDLE_PDX_MODEL_SOURCE:+--env "PADDLE_PDX_MODEL_SOURCE=$PADDLE_PDX_MODEL_SOURCE"} \
    "$name-worker-gpu:latest" python -m worker.engines.paddleocr_vl.prefetch --vlm
  echo "== images into offline/images.tar"
  "$program" pull "$vlm"
  "$program" pull "$redis"
  "$program" save --output offline/images.tar "$name-api:latest" "$name-worker-gpu:latest" "$vlm" "$redis"
  cat <<END
Copy this folder to the other machine. There: docker load -i offline/images.tar, write MODELS=$PWD/offline/models
(with the folder's path there) into .env, and start as usual: ./run.sh gpu
END
}

case ${1:-} in
  --list)
    for image in "${images[@]}"; do tags "$image"; done
    exit
    ;;
  --prefetch)
    program=$(builder)
    prefetch
    exit
    ;;
  -*)
    sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//' >&2
    exit 2
    ;;
esac
chosen=("${@:-${images[@]}}")
for image in "${chosen[@]}"; do
  [[ " ${images[*]} " == *" $image "* ]] || fail "Unknown image: $image. The images are: ${images[*]}"
done
[[ -z ${BASE:-}${DIGEST:-} || ${#chosen[@]} == 1 ]] || fail "BASE and DIGEST apply to one image: build one at a time, for example DIGEST=sha256:… ./build.sh api"
program=$(builder)
built=()
for image in "${chosen[@]}"; do
  worker=worker-${image#service-}
  [[ $image != service ]] || worker="worker-gpu"
  # What a service is made of is built first, unless that has just been done.
  [[ $image != service* || " ${built[*]} " == *" $worker "* ]] || { build "$worker"; built+=("$worker"); }
  build "$image"
  built+=("$image")
done
for image in "${chosen[@]}"; do
  printf '%-40s %s\n' "$(tags "$image" | cut -d' ' -f1)" "$(size "$image")"
done
