"""GET /docs and GET /redoc: they load nothing from elsewhere."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.harness import refused
from support.in_process import Api, serving

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch, store_url: str, data_dir: Path) -> AsyncIterator[Api]:
    async with serving(monkeypatch, store_url, data_dir) as api:
        yield api


@pytest.mark.parametrize(
    ("path", "assets"),
    [("/docs", ["docs/swagger-ui-bundle.js", "docs/swagger-ui.css"]), ("/redoc", ["docs/redoc.standalone.js"])],
)
async def test_the_pages_need_no_other_host(api: Api, path: str, assets: list[str]) -> None:
    page = await api.client.get(path)
    policy = page.headers["content-security-policy"]
    assert sorted(re.findall(r'(?:src|href)="([^"]+)"', page.text)) == ["data:,", *assets]
    assert not re.search(r"https?://", page.text + policy)
    assert "/openapi.json" in page.text
    for script in re.findall(r"<script>(.+?)</script>", page.text, re.DOTALL):
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy


@pytest.mark.parametrize(
    ("name", "start", "kind"),
    [
        ("swagger-ui-bundle.js", b"/*! For license", "text/javascript"),
        ("swagger-ui.css", b".swagger-ui", "text/css"),
        ("redoc.standalone.js", b"/*! For license", "text/javascript"),
    ],
)
async def test_assets_are_served_packed_and_plain(api: Api, name: str, start: bytes, kind: str) -> None:
    plain = await api.client.get(f"/docs/{name}", headers={"Accept-Encoding": "identity"})
    packed = await api.client.get(f"/docs/{name}")
    assert (plain.headers.get("content-encoding"), packed.headers["content-encoding"]) == (None, "gzip")
    assert plain.content == packed.content
    assert plain.content.startswith(start)
    assert plain.headers["content-type"].startswith(kind)
    assert b"cdn.redoc.ly" not in plain.content


async def test_other_files_are_not_served(api: Api) -> None:
    refused(await api.client.get("/docs/LICENSE"))
