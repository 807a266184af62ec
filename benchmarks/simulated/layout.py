"""A layout model that finds the same five blocks on every page, with the inputs and outputs of PP-DocLayoutV2 and V3.

Inputs are `image` (n, 3, 800, 800), `im_shape` (n, 2) and `scale_factor` (n, 2), both height first; outputs are boxes
(5 n, 7) of class, score, corners in pixels of the page, and order, and their number for each image (n).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

LABELS = [
    "abstract",
    "algorithm",
    "aside_text",
    "chart",
    "content",
    "display_formula",
    "doc_title",
    "figure_title",
    "footer",
    "footer_image",
    "footnote",
    "formula_number",
    "header",
    "header_image",
    "image",
    "inline_formula",
    "number",
    "paragraph_title",
    "reference",
    "reference_content",
    "seal",
    "table",
    "text",
    "vertical_text",
    "vision_footnote",
]

BLOCKS = {
    "doc_title": (0.05, 0.03, 0.6, 0.09),
    "text": (0.08, 0.1, 0.92, 0.55),
    "display_formula": (0.1, 0.57, 0.6, 0.62),
    "image": (0.66, 0.72, 0.9, 0.9),
    "table": (0.08, 0.78, 0.65, 0.9),
}
"""Left, top, right and bottom, in parts of the page, in reading order. An image is not sent to the VLM."""

REQUESTS = 4
"""To the VLM, of a page."""

Block = tuple[str, tuple[float, float, float, float]]


def build(
    folder: Path,
    model: str = "PP-DocLayoutV3",
    *,
    paddle: bool = False,
    blocks: Sequence[Block] = tuple(BLOCKS.items()),
) -> Path:
    """Writes the model of that name, for ONNX Runtime or for Paddle. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [[LABELS.index(label), 0.99, *corners, order] for order, (label, corners) in enumerate(blocks)]
    (_build_paddle if paddle else _build_onnx)(folder, rows)
    preprocess: list[dict[str, Any]] = [
        {"type": "Resize", "target_size": [800, 800], "keep_ratio": False, "interp": 2},
        {"type": "NormalizeImage", "mean": [0, 0, 0], "std": [1, 1, 1], "norm_type": "none"},
        {"type": "Permute"},
    ]
    about = {
        "Global": {"model_name": model},
        "mode": "paddle",
        "draw_threshold": 0.5,
        "label_list": LABELS,
        "Preprocess": preprocess,
    }
    (folder / "inference.yml").write_text(yaml.safe_dump(about))
    return folder


def _build_onnx(folder: Path, rows: list[list[float]]) -> None:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    constants = {
        "rows": np.array(rows, "f4")[None],
        "zero": np.zeros(1, "f4"),
        "shape": np.array([-1, 7], "i8"),
        "first": np.array([0], "i8"),
        "second": np.array([1], "i8"),
        "count": np.array(len(rows), "f4"),
    }
    steps: list[tuple[str, str, str, dict[str, Any]]] = [
        ("Div", "im_shape scale_factor", "size", {}),
        ("ReduceMean", "image", "mean", {"keepdims": 0}),  # so that the image is an input at all
        ("Mul", "mean zero", "nothing", {}),
        ("Add", "size nothing", "page", {}),
        ("Gather", "page first", "height", {"axis": 1}),
        ("Gather", "page second", "width", {"axis": 1}),
        ("Div", "height height", "one", {}),
        ("Concat", "one one width height width height one", "factors", {"axis": 1}),
        ("Unsqueeze", "factors second", "spread", {}),
        ("Mul", "rows spread", "scaled", {}),
        ("Reshape", "scaled shape", "boxes", {}),
        ("Mul", "one count", "counted", {}),
        ("Squeeze", "counted second", "flat", {}),
        ("Cast", "flat", "number", {"to": TensorProto.INT32}),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node(kind, inputs.split(), [output], **more) for kind, inputs, output, more in steps],
        "fixed boxes",
        [
            value("image", TensorProto.FLOAT, ["n", 3, 800, 800]),
            value("im_shape", TensorProto.FLOAT, ["n", 2]),
            value("scale_factor", TensorProto.FLOAT, ["n", 2]),
        ],
        [value("boxes", TensorProto.FLOAT, ["k", 7]), value("number", TensorProto.INT32, ["n"])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(folder / "inference.onnx"))


def _build_paddle(folder: Path, rows: list[list[float]]) -> None:
    import paddle
    from paddle.static import InputSpec

    class Fixed(paddle.nn.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            fixed = paddle.to_tensor(rows, "float32")
            # A parameter, for the model must have some to be saved.
            initializer = paddle.nn.initializer.Assign(fixed)
            self.rows = self.create_parameter(fixed.shape, default_initializer=initializer)

        def forward(self, image: Any, im_shape: Any, scale_factor: Any) -> Any:
            size = im_shape / scale_factor + 0 * image.mean()
            height, width, one = size[:, :1], size[:, 1:], paddle.ones_like(size[:, :1])
            factors = paddle.concat([one, one, width, height, width, height, one], 1)
            boxes = self.rows.unsqueeze(0) * factors.unsqueeze(1)
            return boxes.reshape([-1, 7]), (one[:, 0] * len(rows)).astype("int32")

    net = Fixed()
    net.eval()
    inputs = [
        InputSpec([None, 3, 800, 800], "float32", "image"),
        InputSpec([None, 2], "float32", "im_shape"),
        InputSpec([None, 2], "float32", "scale_factor"),
    ]
    paddle.jit.save(paddle.jit.to_static(net, input_spec=inputs, full_graph=True), str(folder / "inference"))
