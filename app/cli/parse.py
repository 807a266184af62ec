"""Documents to markdown in one call: starts the whole service, sends it the documents like any client, and stops it."""

import asyncio
import base64
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
from tqdm import tqdm

from app.cli.serve import run_service
from app.egress.policy import redact
from app.processes.ports import free_port
from app.settings import Settings

AT_A_TIME = 4  # documents in the service at once


@dataclass
class Document:
    """One argument: `name` is what its output is called."""

    source: str
    name: str

    @property
    def is_url(self) -> bool:
        return self.source.startswith(("http://", "https://"))

    @property
    def shown(self) -> str:
        return redact(self.source) if self.is_url else self.source


class Failed(Exception):
    """A document could not be converted; the message says why."""


async def parse(settings: Settings, sources: list[str], output: Path) -> int:
    """Writes NAME.md and, where there are images, a folder NAME beside it, for each source. The exit status."""
    documents = named(sources)
    output.mkdir(parents=True, exist_ok=True)
    failures: list[str] = []
    async with running_service(settings) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
        slots = asyncio.Semaphore(AT_A_TIME)

        async def one(document: Document, position: int) -> None:
            async with slots:
                with tqdm(desc=document.name[:30], unit="page", position=position, disable=None) as bar:  # None: no tty
                    try:
                        await _convert(client, document, output, bar)
                        tqdm.write(f"{document.shown} → {output / document.name}.md")
                    except Failed as error:
                        failures.append(f"{document.shown}: {error}")
                        bar.set_postfix_str("failed")
                    except httpx.HTTPError as error:
                        failures.append(f"{document.shown}: the service no longer answers ({error!r})")

        await asyncio.gather(*(one(document, position) for position, document in enumerate(documents)))
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def named(sources: list[str]) -> list[Document]:
    """Documents with distinct, safe output names made from their file names."""
    documents: list[Document] = []
    taken: set[str] = set()
    for source in sources:
        path = unquote(urlsplit(source).path) if source.startswith(("http://", "https://")) else source
        stem = re.sub(r"[^\w.-]+", "_", Path(path).stem).strip("._") or "document"
        name, number = stem, 2
        while name in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name)
        documents.append(Document(source, name))
    return documents


@asynccontextmanager
async def running_service(settings: Settings) -> AsyncIterator[str]:
    """Runs a private service on a free port, with a temporary DATA_DIR. Yields its URL."""
    with tempfile.TemporaryDirectory(prefix="ocr-") as folder:
        own = settings.model_copy(
            update={
                "host": "127.0.0.1",
                "port": free_port(),
                "data_dir": Path(folder),
                "redis_url": None,
                "log_level": "error",
            }
        )
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def on_ready(url: str) -> None:
            ready.set_result(url)

        service = asyncio.create_task(run_service(own, on_ready, patient=False))
        try:
            waiting: set[asyncio.Future[Any]] = {service, ready}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if service.done():
                service.result()
            yield await ready
        finally:
            service.cancel()
            await asyncio.gather(service, return_exceptions=True)


async def _convert(client: httpx.AsyncClient, document: Document, output: Path, bar: "tqdm[Any]") -> None:
    job = await _submit(client, document)
    while True:
        state = _answer(await client.get(f"/jobs/{job}"))
        bar.total = state["pages_total"]
        bar.update(state["pages_done"] - bar.n)
        bar.refresh()
        if state["status"] not in ("queued", "running"):
            break
        await asyncio.sleep(0.1)
    if "error" in state:
        raise Failed(f"{state['error']['code']}: {state['error']['message']}")
    pages = _answer(await client.get(f"/jobs/{job}/result"))["result"]
    _write(pages, document.name, output)
    for warning in pages["warnings"]:
        tqdm.write(f"{document.shown}: page {warning['index']}: {warning['message']}", file=sys.stderr)
    if pages["page_errors"]:
        failed = ", ".join(str(error["index"]) for error in pages["page_errors"])
        raise Failed(
            f"{len(pages['page_errors'])} of {len(pages['pages'])} pages failed ({failed}): "
            f"{pages['page_errors'][0]['message']}"
        )


async def _submit(client: httpx.AsyncClient, document: Document) -> str:
    if document.is_url:
        answer = await client.post("/infer", json={"pdf_url": document.source})
    else:
        try:
            with Path(document.source).open("rb") as file:
                answer = await client.post("/infer", files={"file": (document.name, file)})
        except OSError as error:
            raise Failed(f"cannot be read: {error.strerror}") from error
    job: str = _answer(answer)["job_id"]
    return job


def _answer(response: httpx.Response) -> Any:
    if response.is_error:
        problem = response.json()
        raise Failed(f"{problem['code']}: {problem['detail']}")
    return response.json()


def _write(result: dict[str, Any], name: str, output: Path) -> None:
    markdown = result["markdown"]
    for image, data in result["images"].items():
        folder = output / name
        folder.mkdir(exist_ok=True)
        (folder / image).write_bytes(base64.b64decode(data))
        markdown = markdown.replace(f"]({image})", f"]({name}/{image})").replace(
            f'src="{image}"', f'src="{name}/{image}"'
        )
    (output / f"{name}.md").write_text(markdown + "\n", encoding="utf-8")
