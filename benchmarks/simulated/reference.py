"""PaddleOCRVL driven in one process, without a service: what ours is measured against.

    python -m benchmarks.simulated.reference LAYOUT_DIR VLM_URL

reads lines of JSON: {"threads": n, "documents": [path, …]}; each document is one call of `predict`, whose batches are
made by PaddleX itself where there is one thread. Prints the seconds that a line took.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from paddleocr import PaddleOCRVL


def main(layout_dir: str, url: str) -> None:
    pipeline = PaddleOCRVL(
        device="cpu",
        engine="onnxruntime",
        layout_detection_model_dir=layout_dir,
        vl_rec_backend="vllm-server",
        vl_rec_server_url=url,
    )

    def convert(path: str, alone: bool) -> int:
        return sum(len(page.markdown["markdown_texts"]) for page in pipeline.predict(path, use_queues=alone))

    for line in sys.stdin:
        work = json.loads(line)
        one = partial(convert, alone=work["threads"] == 1)
        began = time.perf_counter()
        with ThreadPoolExecutor(work["threads"]) as threads:
            list(threads.map(one, work["documents"]))
        print(time.perf_counter() - began, flush=True)
    pipeline.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
