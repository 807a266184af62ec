"""What clients get wrong, and what nobody may get from the API: in this process, on a real store."""

import asyncio
import base64
import json
import logging
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.errors import JobError
from app.jobs.models import Job, Status
from app.results.models import Block, Page
from app.results.pages import store_page, stored_page
from app.storage.blobs import BlobStore, JobFolder
from app.strict_json import DEPTH_MAX, decode, encode
from support.documents import text_pdf
from support.harness import refused
from support.in_process import Api, scope, serving
from support.troubleshooting import explained

pytestmark = pytest.mark.anyio

URL = "http://example.com/a.pdf"
PDF = text_pdf()
JSON = {"content-type": "application/json"}


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch, store_url: str, data_dir: Path) -> AsyncIterator[Api]:
    async with serving(monkeypatch, store_url, data_dir) as api:
        yield api


async def upload(api: Api, **fields: str) -> httpx.Response:
    return await upload_with(api, {}, **fields)


async def upload_with(api: Api, headers: dict[str, str], /, **fields: str) -> httpx.Response:
    return await api.client.post("/infer", files={"file": PDF}, data=fields, headers=headers)


NOT_JSON = [
    r'"\ud800"',
    r'{"\udfff": 1}',
    r'[{"a": ["x\ud83d"]}]',
    "NaN",
    "-Infinity",
    "[1e999]",
    "1" + "0" * 400,
    '{"a": 1, "a": 2}',
    "[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1),
    "[" * 100_000,
]


@pytest.mark.parametrize("text", NOT_JSON, ids=lambda text: text[:20])
async def test_json_that_cannot_be_written_again_is_rejected(api: Api, text: str) -> None:
    body = f'{{"pdf_url": "{URL}", "metadata": {text}}}'
    assert "JSON" in refused(await api.client.post("/infer", content=body, headers=JSON))
    assert "metadata" in refused(await upload(api, metadata=text))
    for field in ("password", "engine", "idempotency_key"):
        refused(await api.client.post("/infer", content=f'{{"pdf_url": "{URL}", "{field}": {text}}}', headers=JSON))
    assert (await api.client.get("/jobs")).json()["jobs"] == []


async def test_json_is_utf8(api: Api) -> None:
    body = json.dumps({"pdf_url": URL})
    for encoding in ("utf-16", "utf-32"):
        assert "JSON" in refused(await api.client.post("/infer", content=body.encode(encoding), headers=JSON))
    assert (await api.client.post("/infer", content=body.encode("utf-8-sig"), headers=JSON)).status_code == 202


async def test_passwords_have_no_nul(api: Api) -> None:
    refused(await api.client.post("/infer", json={"pdf_url": URL, "password": "a\0b"}))


def test_json_that_can_be_written_again_is_read() -> None:
    value = {"a": [1, 2.5, None, True, "ü\0\U0001f600"], "": {}, "deep": decode("[" * 30 + "]" * 30)}
    assert decode(json.dumps(value)) == value
    assert json.loads(encode(value)) == value


def test_whatever_is_stored_is_written_as_json(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path / "job")
    folder.create()
    block = Block("text", [0, 0, 1, 1], "half \ud83d of a \ud83d\ude00 pair")
    raw = {"\udc00": (float("nan"), float("inf"), 1.5), 7: "x"}
    store_page(folder, Page(1, 10, 10, "engine", blocks=[block], raw=raw))
    stored = decode(folder.read(folder.page(1)))
    assert stored["blocks"][0]["content"] == "half \ufffd of a \U0001f600 pair"
    assert stored["raw"] == {"\ufffd": [None, None, 1.5], "7": "x"}
    assert JobError("bad \udc00").to_dict()["message"] == "bad \ufffd"


DATA = {"sizes": [1.0], "turn": 0, "blocks": [["text", None, None]]}
RAW: dict[str, Any] = {"parsing_res_list": []}


@pytest.mark.parametrize(
    ("stored", "raw"),
    [
        ({"for_assembly": DATA}, None),
        ({"raw": DATA}, None),  # by an earlier build
        ({"raw": RAW, "for_assembly": DATA}, RAW),
    ],
)
async def test_raw_is_the_engine_s_alone(api: Api, stored: dict[str, Any], raw: dict[str, Any] | None) -> None:
    job = await api.job()
    folder = BlobStore(api.app.state.context.settings).job(job)
    page = Page(1, 10, 10, "text").to_dict()
    folder.write(folder.page(1), encode(page | stored))
    assert (stored_page(folder, 1).raw, stored_page(folder, 1).for_assembly) == (raw, DATA)
    shown = await api.client.get(f"/jobs/{job}/pages/1", params={"raw": True})
    assert shown.json() == (page if raw is None else page | {"raw": raw})
    assert (await api.client.get(f"/jobs/{job}/pages/1")).json() == page


async def test_records_with_anything_in_them_are_served(api: Api) -> None:
    """Those of releases that accepted it."""
    job = await api.job(metadata={"\ud800": float("nan")})
    for path in ("/jobs", f"/jobs/{job}", f"/jobs/{job}/result", f"/jobs/{job}/events"):
        answer = await api.client.get(path)
        assert answer.status_code == 200
        text = answer.text.partition("data: ")[2].partition("\n")[0] if "events" in path else answer.text
        assert "\ufffd" in json.dumps(decode(text), ensure_ascii=False)


@pytest.mark.parametrize(
    "cursor",
    [
        *(base64.urlsafe_b64encode(f"{at}~{'a' * 32}".encode()).decode() for at in ("nan", "inf", "-1e999", "x", "")),
        *("bmFufg==", "MX54", "%%%", "é", "\0", "A" * 5000),
    ],
)
async def test_cursors_of_others_are_rejected(api: Api, cursor: str) -> None:
    assert "next_cursor" in refused(await api.client.get("/jobs", params={"cursor": cursor}))


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"]
)
@pytest.mark.parametrize("field", ["created_after", "created_before"])
async def test_listings_take_all_times(api: Api, field: str, at: str) -> None:
    job = await api.job()
    jobs = (await api.client.get("/jobs", params={field: at})).json()["jobs"]
    assert [listed["job_id"] for listed in jobs] == ([job] if (field == "created_after") == at.startswith("0") else [])


async def test_a_listing_reads_no_more_than_it_shows(api: Api) -> None:
    """Whatever its filters, and however many jobs there are that it does not show."""
    context = api.app.state.context
    for start in range(0, 2100, 100):
        jobs = [Job(uuid.uuid4().hex, Status.QUEUED, "null") for _ in range(start, start + 100)]
        await asyncio.gather(*(context.jobs.submit(job, idempotency=None, fingerprint="") for job in jobs))
    await context.jobs.cancel(jobs[0].id)
    for query, shown in (("status=failed", 0), ("engine=other", 0), ("status=canceled", 1), ("engine=null", 20)):
        await context.store.config_resetstat()
        assert len((await api.client.get(f"/jobs?{query}")).json()["jobs"]) == shown
        stats = await context.store.info("commandstats")
        assert (
            sum(stats[f"cmdstat_{name}"]["calls"] for name in ("hgetall", "hmget") if f"cmdstat_{name}" in stats) < 50
        )


async def test_times_without_a_zone_are_utc(monkeypatch: pytest.MonkeyPatch, api: Api) -> None:
    await api.job()  # at 2023-11-14T22:13:20Z
    for at, found in (("2023-11-14T22:13:20", 1), ("2023-11-14T22:13:21", 0), ("2023-11-15T00:13:20+02:00", 1)):
        assert len((await api.client.get("/jobs", params={"created_after": at})).json()["jobs"]) == found


@pytest.mark.parametrize("name", ["x" * 300, "x" * 200, "%00", "a%00.png", "%2e%2e.png", "é.png", "a%2f..%2fb"])
async def test_images_of_impossible_names_are_not_there(api: Api, name: str) -> None:
    job = await api.job()
    assert (await api.client.get(f"/jobs/{job}/images/{name}")).status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "x", "1" * 300, "1" * 5000, "%00"])
async def test_pages_of_impossible_numbers_are_rejected(api: Api, number: str) -> None:
    job = await api.job()
    refused(await api.client.get(f"/jobs/{job}/pages/{number}"))


async def test_markdown_and_zip_of_a_failed_job_are_a_problem(api: Api) -> None:
    job = await api.job({"code": "document_encrypted", "message": "It needs a password."})
    assert (await api.client.get(f"/jobs/{job}/result")).json()["error"]["code"] == "document_encrypted"
    for format in ("md", "zip"):
        answer = await api.client.get(f"/jobs/{job}/result", params={"format": format})
        assert "It needs a password." in refused(answer, 409, "document_encrypted")


async def test_head_is_get_without_a_body(api: Api) -> None:
    job = await api.job()
    paths = ["/health", "/health/ready", "/queue", "/jobs", "/openapi.json", "/docs", "/", "/nothing", "/infer"]
    paths += [f"/jobs/{job}{path}" for path in ("", "/result", "/result?format=zip", "/pages/1", "/images/figure.png")]
    for path in paths:
        got, head = await api.client.get(path), await api.client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        same = ("content-type", "location", "content-disposition")
        assert [head.headers.get(name) for name in same] == [got.headers.get(name) for name in same], path


async def test_head_of_events_ends(api: Api) -> None:
    job = (await api.client.post("/infer", json={"pdf_url": URL})).json()["job_id"]
    answer = await api.client.head(f"/jobs/{job}/events")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "BREW"])
async def test_other_methods_are_refused(api: Api, method: str) -> None:
    refused(await api.client.request(method, "/jobs"), 405)


async def test_a_refused_method_is_told_which_there_are(api: Api) -> None:
    documented = (await api.client.get("/openapi.json")).json()["paths"]
    for path, operations in [*documented.items(), *((path, ["get"]) for path in ("/", "/docs", "/openapi.json"))]:
        answer = await api.client.patch(re.sub(r"{\w+}", "1", path))
        assert "PATCH" in refused(answer, 405), path
        methods = {method.upper() for method in operations}
        methods |= {"HEAD"} if "GET" in methods else set()
        assert answer.headers.get_list("allow") == [", ".join(sorted(methods))], path


async def test_the_idempotency_key_may_be_a_header(api: Api) -> None:
    first = await upload_with(api, {"Idempotency-Key": '"order 7"'})
    assert first.status_code == 202
    for again in (
        await upload_with(api, {"Idempotency-Key": "order 7"}),
        await upload(api, idempotency_key="order 7"),
        await upload_with(api, {"Idempotency-Key": "order 7"}, idempotency_key="order 7"),
    ):
        assert again.json() == first.json()
        assert again.headers["idempotency-replayed"] == "true"
    differ = await upload_with(api, {"Idempotency-Key": "order 8"}, idempotency_key="order 7")
    assert "differ" in refused(differ)
    body = {"pdf_url": URL, "idempotency_key": "order 7"}
    assert "differ" in refused(await api.client.post("/infer", json=body, headers={"Idempotency-Key": "order 8"}))
    for key in ("", '""', "x" * 256):
        assert "Idempotency-Key" in refused(await upload_with(api, {"Idempotency-Key": key}))
    parameters = (await api.client.get("/openapi.json")).json()["paths"]["/infer"]["post"]["parameters"]
    assert [(one["in"], one["name"]) for one in parameters] == [("header", "idempotency-key")]


async def test_requests_are_the_same_however_they_are_spelled(api: Api) -> None:
    key = {"idempotency_key": "k"}
    first = await upload(api, page_ranges="1-2, 3", **key)
    for again in (
        await upload(api, page_ranges="1 - 2,3-3", **key),
        await upload(api, page_ranges="1-2, 3", engine="pp_ocr", **key),
        await upload(api, page_ranges="1-2, 3", priority="normal", options="{}", **key),
    ):
        assert again.json() == first.json(), again.text
    for other in ({"engine": "paddleocr_vl"}, {"priority": "low"}, {"metadata": "1"}):
        refused(await upload(api, page_ranges="1-2, 3", **key, **other), code="idempotency_conflict")
    named = {"engine": "paddleocr_vl", "idempotency_key": "vl"}
    vl = await upload(api, **named)
    again = await upload(api, options='{"layout_shape_mode": "auto", "temperature": null}', **named)
    assert again.json() == vl.json()
    refused(await upload(api, options='{"temperature": 1}', **named), code="idempotency_conflict")


FIELDS = (
    "pdf_url", "callback_url", "idempotency_key", "engine", "options", "priority", "page_ranges", "metadata",
    "headers", "password",
)  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
async def test_an_empty_form_field_is_left_out(api: Api, field: str) -> None:
    assert (await upload(api, **{field: ""})).status_code == 202


@pytest.mark.parametrize("field", ["engine", "metadata", "page_ranges", "other"])
async def test_a_form_field_comes_once(api: Api, field: str) -> None:
    answer = await api.client.post("/infer", files={"file": PDF}, data={field: ["1", "1"]})
    assert field in refused(answer)


@pytest.mark.parametrize("charset", ["unicode_escape", "rot13", "zlib", "punycode", "utf-16", "utf-7"])
async def test_forms_are_utf8(api: Api, charset: str) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n"\\ud800"\r\n--b--\r\n'
    for parameter in (f"charset={charset}", f'Charset = "{charset}"'):
        kind = {"content-type": f"multipart/form-data; boundary=b; {parameter}"}
        assert "UTF-8" in refused(await api.client.post("/infer", content=body, headers=kind), 415)


PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-'


@pytest.mark.parametrize(("kind", "body"), [("multipart/form-data; boundary=b", PART), ("application/json", b'{"pdf_')])
async def test_an_upload_that_breaks_off_is_no_error(
    api: Api, caplog: pytest.LogCaptureFixture, kind: str, body: bytes, data_dir: Path
) -> None:
    messages = [{"type": "http.request", "body": body, "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        """Nobody is there."""

    with caplog.at_level(logging.INFO):
        await api.app(scope("POST", "/infer", **{"content-type": kind}), receive, send)
    assert caplog.records == []
    assert list((data_dir / "blobs").glob("*")) == []


async def test_a_name_that_is_pointed_here_reads_nothing(api: Api) -> None:
    await api.job()
    answer = await api.client.get("/jobs", headers={"Host": "evil.example"})
    assert explained("'…' is not a name", refused(answer, 421))
    form = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert explained("Web pages of other sites", refused(await upload_with(api, form), 403, "forbidden"))


async def test_downloads_and_callbacks_have_lists_of_their_own(
    monkeypatch: pytest.MonkeyPatch, store_url: str, data_dir: Path
) -> None:
    lists = {"fetch_allowed_hosts": ["10.0.0.1"], "callback_allowed_hosts": ["10.0.0.2"]}
    async with serving(monkeypatch, store_url, data_dir, **lists) as api:

        async def send(source: int, receiver: int) -> httpx.Response:
            body = {"pdf_url": f"http://10.0.0.{source}/a.pdf", "callback_url": f"http://10.0.0.{receiver}/"}
            return await api.client.post("/infer", json=body)

        assert (await send(1, 2)).status_code == 202
        assert "CALLBACK_ALLOWED_HOSTS" in refused(await send(1, 1))
        assert "FETCH_ALLOWED_HOSTS" in refused(await send(2, 2))
