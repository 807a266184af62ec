"""What the engine host takes from a page process: nothing that no process of ours would answer or leave."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.errors import DocumentError
from app.storage.blobs import JobFolder
from worker.ipc.calls import MESSAGE_MAX, Misconduct
from worker.ipc.handover import Handover
from worker.ipc.page_messages import PARTS_MAX, Assemble, Decrypt, PageCall, Prepare, ReadPage, RenderPage, Value

pytestmark = pytest.mark.anyio

SPOOL = b"left by a page process"


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    """Of a job of the pages 1 and 3, with another job beside it."""
    for name in ("other", "job"):
        folder = JobFolder(tmp_path / name)
        folder.create()
        folder.write(folder.source, b"%PDF")
        folder.write(folder.document, b'{"pages": 3, "selected": [1, 3], "hints": {}}')
        for number in (1, 3):
            folder.write(folder.page(number), name.encode())
    return folder


def files(folder: JobFolder) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder._root.parent.rglob("*") if path.is_file()}


async def keep(folder: JobFolder, call: PageCall[Value], answer: str) -> Value:
    """What becomes of an answer, given as JSON, of a process that has left SPOOL."""
    with folder.scratch() as spool:
        async with Handover(call, folder, spool) as handover:
            spool.write(SPOOL)
            spool.flush()
            return await handover.keep(call.parse(json.loads(answer)))


def sound(value: object, *parts: object) -> str:
    return json.dumps({"value": value, "parts": parts, "loaded": False})


NO_ANSWERS = [
    "null",
    "[]",
    '"read"',
    "{}",
    '{"parts": [], "value": null}',
    '{"parts": {}, "value": null, "loaded": true}',
]
NO_PARTS: list[Any] = [
    None,
    "page",
    {},
    ["page", "1", 0],
    ["page", "1", 0, 1, 1],
    [None, "1", 0, 1],
    [["page"], "1", 0, 1],
    ["page", 1, 0, 1],
    ["page", ["1"], 0, 1],
    ["page", "1", "0", 1],
    ["page", "1", 0, 1.5],
    ["page", "1", 0, True],
    ["page", "1", 0, float("inf")],
    ["page", "1", float("nan"), 1],
    ["page", "1", -1, 1],
    ["page", "1", 0, 0],
    ["page", "1", 0, -1],
    ["page", "1", 0, len(SPOOL) + 1],
    ["page", "1", len(SPOOL), 1],
    ["page", "1", 1 << 63, 1],
    ["page", "1", 0, 1 << 62],
    ["page", "1", 10**300, 1],
    ["page", "3", 0, 1],
    ["page", "01", 0, 1],
    ["page", "one", 0, 1],
    ["page", "../../other/pages/1", 0, 1],
    ["source", "", 0, 1],
    ["document", "", 0, 1],
    ["result", "", 0, 1],
    ["raster", "", 0, 1],
    ["image", "figure.png", 0, 1],
    ["image", "p0003_figure.png", 0, 1],
    ["image", "p0001_../../x.png", 0, 1],
    ["image", "../images/p0001_figure.png", 0, 1],
]


@pytest.mark.parametrize("answer", [*NO_ANSWERS, sound(1), sound("read"), *(sound(None, blob) for blob in NO_PARTS)])
async def test_nothing_else_is_taken_for_a_page(folder: JobFolder, answer: str) -> None:
    before = files(folder)
    with pytest.raises(Misconduct):
        await keep(folder, ReadPage(1), answer)
    assert files(folder) == before


async def test_what_a_page_may_leave_is_stored(folder: JobFolder) -> None:
    picture = "p0001_figure_1.png"
    await keep(folder, ReadPage(1), sound(None, ["image", picture, 0, 4], ["page", "1", 5, 2]))
    assert (folder.read(folder.image(picture)), folder.read(folder.page(1))) == (SPOOL[:4], SPOOL[5:7])


async def test_a_blob_may_have_parts(folder: JobFolder) -> None:
    parts = [["result", "", 0, 4], ["page", "3", 4, 3], ["result", "", 9, 2], ["page", "1", 11, 1]]
    await keep(folder, Assemble("null", "1"), sound([], *parts))
    assert folder.read(folder.result) == SPOOL[:4] + SPOOL[9:11]
    assert [folder.read(folder.page(number)) for number in (1, 3)] == [SPOOL[11:12], SPOOL[4:7]]


@pytest.mark.parametrize(
    "second", [["image", "p0001_b.png", 3, 4], ["image", "p0001_a.png", 0, 4], ["page", "1", 0, 1]]
)
async def test_nothing_is_copied_twice(folder: JobFolder, second: list[Any]) -> None:
    """Thousands of blobs of the same gigabytes would fill the disk."""
    with pytest.raises(Misconduct, match="follow each other"):
        await keep(folder, ReadPage(1), sound(None, ["image", "p0001_a.png", 0, 4], second))


async def test_a_call_leaves_so_many_parts(folder: JobFolder) -> None:
    parts = [["page", "1", position, 1] for position in range(PARTS_MAX + 1)]
    with pytest.raises(Misconduct, match=str(PARTS_MAX + 1)):
        await keep(folder, ReadPage(1), sound(None, *parts))


@pytest.mark.parametrize(
    ("call", "value"),
    [
        (Decrypt("secret"), True),
        (Prepare(None, 10, survey=True), None),
        (Prepare(None, 10, survey=True), "13"),
        (Prepare(None, 10, survey=True), [1.0, 3]),
        (Prepare(None, 10, survey=True), [True]),
        (RenderPage(1, 2.0), None),
        (RenderPage(1, 2.0), 10),
        (RenderPage(1, 2.0), [10]),
        (RenderPage(1, 2.0), [10, "20"]),
        (RenderPage(1, 2.0), [10, 20, 3]),
        (Assemble("null", "1"), None),
        (Assemble("null", "1"), {"index": 1, "code": "page_failed", "message": "Damaged."}),
        (Assemble("null", "1"), [None]),
        (Assemble("null", "1"), [{}]),
        (Assemble("null", "1"), [{"index": 1, "code": "page_failed"}]),
        (Assemble("null", "1"), [{"index": "1", "code": "page_failed", "message": ""}]),
        (Assemble("null", "1"), [{"index": 1, "code": [], "message": ""}]),
        (Assemble("null", "1"), [{"index": 1, "code": "page_failed", "message": {}}]),
        (Assemble("null", "1"), [{"index": 1, "code": "\ud800", "message": ""}]),
        (Assemble("null", "1"), [{"index": 1, "code": "", "message": "\udfff"}]),
    ],
)
async def test_an_answer_of_another_shape_is_not_believed(
    folder: JobFolder, call: PageCall[Any], value: object
) -> None:
    with pytest.raises(Misconduct):
        await keep(folder, call, sound(value))


async def test_sound_answers_are_passed_on(folder: JobFolder) -> None:
    assert await keep(folder, Prepare(None, 10, survey=True), sound([1, 3])) == [1, 3]
    assert await keep(folder, RenderPage(1, 2.0), sound([10, 20], ["raster", "", 0, 4])) == (10, 20)
    failure = {"index": 3, "code": "page_failed", "message": "x" * (MESSAGE_MAX + 1)}
    (kept,) = await keep(folder, Assemble("null", "1"), sound([failure], ["page", "3", 0, 4], ["result", "", 4, 2]))
    assert kept == failure | {"message": "x" * MESSAGE_MAX}
    assert (folder.read(folder.page(3)), folder.read(folder.result)) == (SPOOL[:4], SPOOL[4:6])


@pytest.mark.parametrize("selected", ["[3, 1]", "[1, 1]", "[0]", "[4]", '["../../other/pages/1"]', "[true]", "7", "{}"])
async def test_pages_that_are_none_of_the_document_are_not_handed_over(folder: JobFolder, selected: str) -> None:
    folder.write(folder.document, f'{{"pages": 3, "selected": {selected}, "hints": {{}}}}'.encode())
    with pytest.raises(DocumentError) as refusal:
        await keep(folder, Assemble("null", "1"), sound([]))
    assert refusal.value.code == "document_crashed"
