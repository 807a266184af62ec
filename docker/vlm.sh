#!/usr/bin/env bash
# In the container vlm of compose.yaml: one VLM server for each GPU of GPU_DEVICE_ID ("0,1"), the first at port 8118, the
# next at 8119, … MODEL chooses the model. Where one of them ends, so does the container, and is started again.
set -euo pipefail
case ${MODEL:-v1.6} in
  v1) name=PaddleOCR-VL-0.9B ;;
  v1.5) name=PaddleOCR-VL-1.5-0.9B ;;
  v1.6) name=PaddleOCR-VL-1.6-0.9B ;;
  *) echo "MODEL=$MODEL is invalid: use v1, v1.5 or v1.6." >&2 && exit 2 ;;
esac
config=$(mktemp)
cat >"$config" <<END
gpu-memory-utilization: ${VLM_GPU_MEMORY:-0.5}
max-num-seqs: ${VLM_MAX_NUM_SEQS:-256}
max-num-batched-tokens: ${VLM_MAX_BATCHED_TOKENS:-131072}
END
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
trap 'exit 143' TERM INT
port=8118
for gpu in ${GPU_DEVICE_ID//,/ }; do
  CUDA_VISIBLE_DEVICES=$gpu paddleocr genai_server --model_name "$name" --host 0.0.0.0 --port "$port" \
    --backend vllm --backend_config "$config" &
  port=$((port + 1))
done
wait -n
