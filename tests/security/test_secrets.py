"""What is told in confidence and what URLs hold in their queries: used, forgotten, and seen nowhere else."""

import contextlib
import json
import os
import threading
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.jobs.secrets import HEADERS_LENGTH, HEADERS_MAX, check_headers
from support.documents import encrypted_pdf, text_pdf
from support.harness import Service, Web, refused, running, store_of, wait_for

pytestmark = pytest.mark.slow

TOKEN, PASSWORD, QUERY = "t0ken-2f81c6", "pa55word-91ab7e", "qu3ry-77d0e2"
SECRETS = (TOKEN, PASSWORD)
CONFIDED: dict[str, Any] = {"headers": {"Authorization": f"Bearer {TOKEN}", "X-Key": TOKEN}, "password": PASSWORD}


@pytest.fixture(scope="module")
def answers() -> list[str]:
    """All that the API has answered in these tests, with the headers of its answers."""
    return []


@pytest.fixture(scope="module")
def service(answers: list[str]) -> Iterator[Service]:
    """One that logs all it can."""
    with running(ENGINE="null", LOG_LEVEL="debug", WEBHOOK_TIMEOUT="2") as talkative:
        listen(talkative, answers)
        yield talkative


def listen(service: Service, answers: list[str]) -> None:
    def keep(answer: httpx.Response) -> None:
        answers.append(f"{answer.headers} {answer.read().decode('utf-8', 'replace')}")

    service.client.event_hooks["response"] = [keep]


@pytest.fixture(autouse=True)
def unseen(service: Service, answers: list[str]) -> Iterator[None]:
    """No test leaves a secret where it could be seen."""
    yield
    assert seen_in(service, SECRETS) == []
    for text in [*answers, service.log.read_text()]:
        assert not any(secret in text for secret in (*SECRETS, QUERY))


def seen_in(service: Service, secrets: tuple[str, ...]) -> list[str]:
    """The places that hold one of `secrets`: the log, the files of DATA_DIR, the keys of the store."""
    texts = {"the log": service.log.read_bytes(), "the store": everything_in(service)}
    for path in service.data_dir.rglob("*"):
        with contextlib.suppress(OSError):  # a socket, or a file that is gone
            texts[str(path)] = path.read_bytes()
    return [name for name, text in texts.items() if any(secret.encode() in text for secret in secrets)]


def everything_in(service: Service) -> bytes:
    """All keys and values of the store, RQ's unpacked."""
    found = bytearray()

    def take(value: Any) -> None:
        if isinstance(value, bytes):
            found.extend(value + b"\n")
            with contextlib.suppress(zlib.error):
                found.extend(zlib.decompress(value) + b"\n")
        elif isinstance(value, dict):
            take(list(value.items()))
        elif isinstance(value, (list, tuple, set)):
            for part in value:
                take(part)

    with store_of(service, decode_responses=False) as store:
        readers = {
            b"string": store.get,
            b"hash": store.hgetall,
            b"list": lambda key: store.lrange(key, 0, -1),
            b"set": store.smembers,
            b"zset": lambda key: store.zrange(key, 0, -1, withscores=True),
            b"stream": store.xrange,
        }
        for key in store.scan_iter():
            kind = store.type(key)
            take(key)
            if kind != b"none":
                take(readers[kind](key))
    return bytes(found)


def has_secrets(service: Service, job: str) -> set[str]:
    """What is still known of what the job was told."""
    folder = service.data_dir / "blobs" / job
    return {name for name in ("headers.json", "password") if (folder / name).exists()}


def slow_download(service: Service, web: Web) -> tuple[str, threading.Event]:
    """A job whose document is on its way, and what ends that."""
    enough = threading.Event()
    web.files["/slow.pdf"] = text_pdf()
    web.drips["/slow.pdf"] = enough
    job = service.submit_url(f"{web.url}/slow.pdf", **CONFIDED)
    wait_for(lambda: web.dripping)
    return job, enough


def test_the_places_are_looked_at(service: Service) -> None:
    """A secret would be seen in each of them."""
    job = service.submit(text_pdf(), metadata='"se3n"')
    service.result(job)
    (service.data_dir / "note").write_text("se3n")
    with service.log.open("a") as log:
        log.write("se3n\n")
    assert {"the log", "the store", str(service.data_dir / "note")} <= set(seen_in(service, ("se3n",)))


def test_headers_go_to_the_source_and_are_forgotten(service: Service, web: Web) -> None:
    enough = threading.Event()
    web.files["/private.pdf"] = text_pdf()
    web.drips["/private.pdf"] = enough
    job = service.submit_url(f"{web.url}/private.pdf", **CONFIDED)
    wait_for(lambda: web.dripping)
    assert has_secrets(service, job) == {"headers.json", "password"}
    assert (service.data_dir / "blobs" / job).stat().st_mode & 0o077 == 0
    enough.set()
    assert service.result(job)["status"] == "finished"
    (headers,) = web.get_headers
    assert (headers["authorization"], headers["x-key"]) == (f"Bearer {TOKEN}", TOKEN)
    assert has_secrets(service, job) == set()
    with service.client.stream("GET", f"/jobs/{job}/events") as events:
        assert events.status_code == 200


def test_each_is_forgotten_as_soon_as_it_was_used(service: Service, web: Web) -> None:
    """The headers when the document is there, the password when it is opened."""
    web.files["/a.pdf"] = text_pdf()
    host = service.find("worker.engine_host")
    host.suspend()
    try:
        job = service.submit_url(f"{web.url}/a.pdf", **CONFIDED)
        wait_for(lambda: has_secrets(service, job) == {"password"})
        assert (service.data_dir / "blobs" / job / "source").read_bytes() == web.files["/a.pdf"]
    finally:
        host.resume()
    assert service.result(job)["status"] == "finished"
    assert has_secrets(service, job) == set()


def test_headers_are_not_for_others(service: Service, web: Web) -> None:
    other = Web()
    try:
        other.files["/b.pdf"] = text_pdf()
        web.redirects = {"/a.pdf": "/on.pdf", "/on.pdf": f"{other.url}/b.pdf"}
        job = service.submit_url(f"{web.url}/a.pdf", callback_url=f"{other.url}/hook", **CONFIDED)
        assert service.result(job)["status"] == "finished"
        wait_for(lambda: other.posts)
    finally:
        other.close()
    assert [headers.get("x-key") for headers in web.get_headers] == [TOKEN, TOKEN]
    ((_, called, body),) = other.posts
    (fetched,) = other.get_headers
    assert TOKEN not in f"{fetched} {called} {body!r}"


def test_headers_are_sent_with_every_attempt(service: Service, web: Web) -> None:
    web.files["/busy.pdf"] = text_pdf()
    web.statuses["/busy.pdf"] = [503]
    job = service.submit_url(f"{web.url}/busy.pdf", **CONFIDED)
    assert service.result(job)["status"] == "finished"
    assert [headers["x-key"] for headers in web.get_headers] == [TOKEN, TOKEN]
    assert has_secrets(service, job) == set()


@pytest.mark.parametrize(
    ("document", "code"),
    [(None, "fetch_status"), (b"<html>Sign in", "not_a_document"), (encrypted_pdf(), "document_encrypted")],
)
def test_a_failed_job_has_forgotten(service: Service, web: Web, document: bytes | None, code: str) -> None:
    if document is not None:
        web.files["/a.pdf"] = document
    job = service.submit_url(f"{web.url}/a.pdf", **CONFIDED)
    assert service.result(job)["error"]["code"] == code
    wait_for(lambda: has_secrets(service, job) == set())
    if document is None:
        sentence = refused(service.client.post(f"/jobs/{job}/retry"), 409)
        assert "headers" in sentence
        assert "submit the document again" in sentence


def test_a_canceled_download_has_forgotten(service: Service, web: Web) -> None:
    job, _ = slow_download(service, web)
    assert service.client.delete(f"/jobs/{job}").json()["status"] == "canceled"
    assert has_secrets(service, job) == set()
    wait_for(lambda: not web.dripping)
    assert has_secrets(service, job) == set()
    assert "submit the document again" in refused(service.client.post(f"/jobs/{job}/retry"), 409)


def test_a_download_that_outlives_its_job_brings_nothing_back(service: Service, web: Web) -> None:
    """The worker learns of the cancelation when the document is there."""
    job, enough = slow_download(service, web)
    worker = service.find("-m", "worker")
    worker.suspend()
    service.client.delete(f"/jobs/{job}")
    assert has_secrets(service, job) == set()
    enough.set()
    wait_for(lambda: not web.dripping)
    worker.resume()
    assert service.result(service.submit(text_pdf()))["status"] == "finished"
    with store_of(service) as store:
        wait_for(lambda: store.zcard("rq:wip:null") == 0)
    assert has_secrets(service, job) == set()


def test_a_job_that_is_canceled_in_the_queue_has_forgotten(service: Service, web: Web) -> None:
    worker = service.find("-m", "worker")
    worker.suspend()
    try:
        by_url = service.submit_url(f"{web.url}/a.pdf", **CONFIDED)
        by_file = service.submit(text_pdf(), password=PASSWORD)
        assert has_secrets(service, by_url) == {"headers.json", "password"}
        assert has_secrets(service, by_file) == {"password"}
        for job in (by_url, by_file):
            service.client.delete(f"/jobs/{job}")
            assert has_secrets(service, job) == set()
    finally:
        worker.resume()
    assert web.gets == []


def test_an_upload_with_a_password(service: Service) -> None:
    job = service.submit(text_pdf(), password=PASSWORD)
    assert service.result(job)["status"] == "finished"
    assert has_secrets(service, job) == set()


def test_a_replayed_request_leaves_nothing(service: Service, web: Web) -> None:
    """Headers and password are no part of what makes two requests the same: a token may be a new one each time."""
    web.files["/a.pdf"] = text_pdf()
    fields = {"idempotency_key": "once", **CONFIDED}
    job = service.submit_url(f"{web.url}/a.pdf", **fields)
    service.result(job)
    folders = set(os.listdir(service.data_dir / "blobs"))
    other = {"headers": {"Authorization": f"Bearer {TOKEN}2"}, "password": f"{PASSWORD}2"}
    assert (
        service.client.post("/infer", json={"pdf_url": f"{web.url}/a.pdf", **fields, **other}).json()["job_id"] == job
    )
    changed = {"pdf_url": f"{web.url}/b.pdf", **fields}
    assert "a different request" in refused(service.client.post("/infer", json=changed), 422, "idempotency_conflict")
    assert set(os.listdir(service.data_dir / "blobs")) == folders
    assert has_secrets(service, job) == set()


def test_they_outlive_the_death_of_everything(service: Service, web: Web) -> None:
    job, enough = slow_download(service, web)
    service.kill_all()
    enough.set()
    service.start()
    assert service.result(job)["status"] == "finished"
    assert [headers["x-key"] for headers in web.get_headers] == [TOKEN, TOKEN]
    assert seen_in(service, SECRETS) == []


# --- requests that cannot be, with secrets in them


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"headers": {"Host": TOKEN}}, "Host cannot be set"),
        ({"headers": {"content-length": TOKEN}}, "content-length cannot be set"),
        ({"headers": {"X-Key": f"{TOKEN}\r\nHost: z"}}, "X-Key is not printable ASCII"),
        ({"headers": {"X-Key": f"{TOKEN} "}}, "begins or ends with white space"),
        ({"headers": {f"X-Key: {TOKEN}": ""}}, "a header name is invalid"),
        ({"headers": {f"X-Key: {TOKEN}": 5}}, "headers: "),
        ({"headers": {"X-Key": [TOKEN]}}, "headers: "),
        ({"headers": TOKEN}, "headers: "),
        ({"headers": [TOKEN]}, "headers: "),
        ({"headers": {"X-Key": TOKEN, "x-key": TOKEN}}, "duplicate header name"),
        ({"headers": {"X-Key": TOKEN * 1000}}, "headers"),
        ({"password": ""}, "password: "),
        ({"password": PASSWORD * 100}, "password: "),
        ({"password": [PASSWORD]}, "password: "),
        ({"password": {"value": PASSWORD}}, "password: "),
        ({"priority": PASSWORD, **CONFIDED}, "priority: "),
        ({"colour": PASSWORD, **CONFIDED}, "colour is not a field"),
        ({"page_ranges": "3-1", **CONFIDED}, "page_ranges"),
        ({"engine": "magic", **CONFIDED}, "engine"),
        ({"options": {"speed": 3}, **CONFIDED}, "speed"),
        ({"callback_url": f"http://10.0.0.1/?key={QUERY}", **CONFIDED}, "callback_url"),
        ({"pdf_url": f"http://10.0.0.1/?key={QUERY}", **CONFIDED}, "pdf_url"),
        ({"pdf_url": f"http://u:{PASSWORD}@example.com/?key={QUERY}"}, "password"),
        ({"pdf_url": f"ftp://example.com/?key={QUERY}"}, "http://"),
        ({"pdf_url": f"http://example.com:22/?key={QUERY}"}, "port 22"),
        ({"pdf_url": [f"http://example.com/?key={QUERY}"]}, "pdf_url: "),
        ({"pdf_url": f"http://example.com/?key={QUERY}" * 200}, "pdf_url: "),
        ({"pdf_url": f"http://example.com/\n?key={QUERY}"}, "control character"),
    ],
)
def test_a_refusal_repeats_no_secret(service: Service, fields: dict[str, Any], words: str) -> None:
    before = set(os.listdir(service.data_dir / "blobs"))
    answer = service.client.post("/infer", json={"pdf_url": "http://example.com/a.pdf", **fields})
    assert words in refused(answer, 422, None)
    assert set(os.listdir(service.data_dir / "blobs")) == before


def test_a_refused_form_repeats_no_secret(service: Service) -> None:
    def send(**fields: str) -> str:
        return refused(service.client.post("/infer", files={"file": text_pdf()}, data=fields), 422)

    assert "headers are only allowed with pdf_url" in send(headers=json.dumps(CONFIDED["headers"]))
    assert "headers are only allowed with pdf_url" in send(headers=f"X-Key: {TOKEN}")
    assert "password: " in send(password=PASSWORD * 100)
    broken = service.client.post(
        "/infer", content=f'{{"password": "{PASSWORD}"', headers={"Content-Type": "application/json"}
    )
    assert "JSON" in refused(broken, 422)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic dTpw", "Cookie": "a=b; c=d", "X-Empty": "", "Accept": "a\tb"},
        {f"X-{number}": "v" for number in range(HEADERS_MAX)},
        {"X": "v" * (HEADERS_LENGTH - 1)},
    ],
)
def test_headers_that_can_be(headers: dict[str, str]) -> None:
    check_headers(headers)


OURS = """
Host connection Keep-Alive TE Trailer Transfer-Encoding Upgrade Expect Content-Length content-type Accept-Encoding RANGE
If-None-Match Proxy-Authorization
"""


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({f"X-{number}": "v" for number in range(HEADERS_MAX + 1)}, "at most 20 headers"),
        ({"X": "v" * HEADERS_LENGTH}, "8192 characters"),
        ({"": "v"}, "a header name is invalid"),
        ({"X Y": "v"}, "a header name is invalid"),
        ({"X:": "v"}, "a header name is invalid"),
        ({"X\n": "v"}, "a header name is invalid"),
        ({"Ü": "v"}, "a header name is invalid"),
        *[({name: "v"}, f"{name} cannot be set") for name in OURS.split()],
        *[({"X": value}, "value of X") for value in (" v", "v ", "a\rb", "a\nb", "v\n", "a\0b", "ü", "\t", "\x7f")],
        ({"X-A": "v", "x-a": "v"}, "duplicate header name"),
    ],
)
def test_headers_that_cannot_be(headers: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_headers(headers)


# --- queries of URLs


def test_queries_are_not_shown(service: Service, web: Web) -> None:
    """By a download or a callback that goes well, is sent elsewhere, fails, or is refused."""
    web.files["/a.pdf"] = text_pdf()
    web.files[f"/a.pdf?key={QUERY}"] = text_pdf()
    web.redirects = {
        f"/on.pdf?key={QUERY}": f"/a.pdf?key={QUERY}",
        f"/away.pdf?key={QUERY}": f"http://10.0.0.1/a.pdf?key={QUERY}",
        f"/loop.pdf?key={QUERY}": f"/loop.pdf?key={QUERY}",
    }
    web.answers = [500, 410, 302]
    nobody = "http://127.0.0.1:1"
    outcomes = {
        f"{web.url}/a.pdf": "finished",
        f"{web.url}/on.pdf": "finished",
        f"{web.url}/away.pdf": "fetch_refused",
        f"{web.url}/loop.pdf": "fetch_failed",
        f"{web.url}/missing.pdf": "fetch_status",
        f"https{web.url[4:]}/a.pdf": "fetch_failed",
        f"{nobody}/a.pdf": "fetch_failed",
    }
    hooks = [f"{web.url}/hook", f"{nobody}/hook", f"https{web.url[4:]}/hook"]
    jobs = {
        service.submit_url(f"{url}?key={QUERY}", callback_url=f"{hooks[number % 3]}?key={QUERY}"): outcome
        for number, (url, outcome) in enumerate(outcomes.items())
    }
    for job, outcome in jobs.items():
        answer = service.result(job)
        assert (answer["error"]["code"] if "error" in answer else answer["status"]) == outcome
    assert any(path == f"/hook?key={QUERY}" for path, _, _ in wait_for(lambda: web.posts))
    log = wait_for(lambda: all(f"{hook}?…" in service.log.read_text() for hook in hooks) and service.log.read_text())
    assert QUERY not in log
