"""GET /docs and GET /redoc: the description of this API, from here, so that they work offline and tell nobody else.

The scripts and styles are files of npm packages, compressed by `gzip -9n`:

- app/web/swagger-ui: swagger-ui-dist 5.35.0.
- app/web/redoc: redoc 2.5.4, changed by
  `sed -e 's,https://cdn.redoc.ly/redoc/logo-mini.svg,data:\\,,' -e '/^\\/\\/# sourceMappingURL=/d'`: it loads no logo
  and no source map.
"""

import base64
import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from fastapi import APIRouter, Header, Request, Response
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Asset:
    """A compressed file in a folder of app/web."""

    folder: str
    version: str
    media_type: str


ASSETS = {
    "swagger-ui-bundle.js": Asset("swagger-ui", "5.35.0", "text/javascript"),
    "swagger-ui.css": Asset("swagger-ui", "5.35.0", "text/css"),
    "redoc.standalone.js": Asset("redoc", "2.5.4", "text/javascript"),
}
POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy: nothing from elsewhere. ReDoc searches in a worker that it makes itself."""


@router.get("/docs")
async def swagger_ui(request: Request) -> HTMLResponse:
    page = get_swagger_ui_html(
        openapi_url=_openapi_url(request),
        title=request.app.title,
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="data:,",
    )
    script = bytes(page.body).rpartition(b"<script>")[2].partition(b"</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    page.headers["Content-Security-Policy"] = POLICY.format(scripts=f" 'sha256-{digest}'")
    return page


@router.get("/redoc")
async def redoc(request: Request) -> HTMLResponse:
    page = get_redoc_html(
        openapi_url=_openapi_url(request),
        title=request.app.title,
        redoc_js_url="docs/redoc.standalone.js",
        redoc_favicon_url="data:,",
        with_google_fonts=False,
    )
    page.headers["Content-Security-Policy"] = POLICY.format(scripts="")
    return page


def _openapi_url(request: Request) -> str:
    url: str = request.scope.get("root_path", "").rstrip("/") + request.app.openapi_url
    return url


@router.get("/docs/{name}")
async def asset(
    name: Literal["swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js"], accept_encoding: str = Header("")
) -> Response:
    found = ASSETS[name]
    data = files("app.web").joinpath(found.folder).joinpath(f"{name}.gz").read_bytes()
    headers = {"Cache-Control": "public, max-age=86400", "ETag": f'"{found.version}"', "Vary": "Accept-Encoding"}
    if "gzip" in accept_encoding:
        headers["Content-Encoding"] = "gzip"
    else:
        data = gzip.decompress(data)
    return Response(data, media_type=found.media_type, headers=headers)
