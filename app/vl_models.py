"""The versions of PaddleOCR-VL: each is a pipeline, a layout model and a VLM that belong together."""

from dataclasses import dataclass


@dataclass(frozen=True)
class VLModel:
    """`version` of the pipeline, official name of its `layout` model, and what the VLM server calls its VLM."""

    version: str
    layout: str
    name: str

    @property
    def official(self) -> str:
        """The VLM's official name."""
        return OFFICIAL[self.version].name


OFFICIAL = {
    model.version: model
    for model in (
        VLModel("v1", "PP-DocLayoutV2", "PaddleOCR-VL-0.9B"),
        VLModel("v1.5", "PP-DocLayoutV3", "PaddleOCR-VL-1.5-0.9B"),
        VLModel("v1.6", "PP-DocLayoutV3", "PaddleOCR-VL-1.6-0.9B"),
    )
}
LATEST = "v1.6"


def choose(version: str | None, name: str | None) -> VLModel:
    """The model by its version, by the VLM's official name, or both; any other name is what the server calls it.

    Raises ValueError where they contradict each other.
    """
    by_name = next((model.version for model in OFFICIAL.values() if name and name.endswith(model.name)), None)
    if version and by_name and version != by_name:
        raise ValueError(f"MODEL={version} goes with {OFFICIAL[version].name}, but MODEL_NAME={name} is of {by_name}")
    model = OFFICIAL[version or by_name or LATEST]
    return VLModel(model.version, model.layout, name or model.name)
