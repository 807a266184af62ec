"""GET /docs: Swagger UI, served from here, so that it works without internet and tells nobody that it is used.

app/web/swagger-ui holds swagger-ui-dist 5.35.0 of npm, two files of it compressed by `gzip -9n`.
"""

import base64
import gzip
import hashlib
from importlib.resources import files
from typing import Literal

from fastapi import APIRouter, Header, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

VERSION = "5.35.0"
MEDIA_TYPES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
FILES = files("app.web").joinpath("swagger-ui")


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    root, app = request.scope.get("root_path", "").rstrip("/"), request.app
    page = get_swagger_ui_html(
        openapi_url=root + app.openapi_url,
        title=app.title,
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="data:,",
    )
    script = bytes(page.body).rpartition(b"<script>")[2].partition(b"</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    page.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return page


@router.get("/docs/{name}")
async def asset(name: Literal["swagger-ui-bundle.js", "swagger-ui.css"], accept_encoding: str = Header("")) -> Response:
    data = FILES.joinpath(f"{name}.gz").read_bytes()
    headers = {"Cache-Control": "public, max-age=86400", "ETag": f'"{VERSION}"', "Vary": "Accept-Encoding"}
    if "gzip" in accept_encoding:
        headers["Content-Encoding"] = "gzip"
    else:
        data = gzip.decompress(data)
    return Response(data, media_type=MEDIA_TYPES[name], headers=headers)
