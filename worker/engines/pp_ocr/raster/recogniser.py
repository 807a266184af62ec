"""PP-OCRv6 by RapidOCR on ONNX Runtime: one per process, one thread, made when the first scan comes."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2

from .reading import HEIGHT


@lru_cache(maxsize=1)
def recogniser() -> Any:
    """The process's recogniser. Models are given by path, so that there is nothing it could download."""
    from rapidocr import RapidOCR  # a second and 200 MB that text pages do without

    cv2.setNumThreads(1)  # there is a page process for each core; and a process with threads is not to be forked
    spec = find_spec("rapidocr")
    models = Path(str(spec.origin if spec else "")).parent / "models"
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            # The default, 736 at least, would detect a page of 150 dpi in full size: 3.4 times the work for nothing.
            "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
            "Det.limit_type": "max",
            "Det.limit_side_len": 960,
            "Cls.model_path": str(models / "ch_ppocr_mobile_v2.0_cls_mobile.onnx"),
            # Lines in one batch are padded to the widest: one at a time costs less, in time and memory.
            "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
            "Rec.rec_batch_num": 1,
            "Rec.rec_img_shape": [3, HEIGHT, 1],  # no line is filled up to some width: see reading.py
        }
    )
