"""The proxy's configuration, in a real nginx in front of a real service."""

import contextlib
import io
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from PIL import Image

from app.api.body_limit import FORM_OVERHEAD
from app.processes.ports import free_port
from app.settings import Settings
from support.documents import text_pdf
from support.harness import ROOT, Service, Web, running, spawn, wait_for

pytestmark = pytest.mark.slow  # once is enough, on one Python

NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian: apt install nginx-light)")
CONFIGURATION = ROOT / "deploy/nginx/ocr.conf"
NAME = "ocr.example.com"
MB = 1 << 20

MAIN = """
{user}
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    {temporary}
    include {folder}/ocr.conf;
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Proxy:
    """nginx with our configuration, but for its certificate, its ports and the address of the service."""

    def __init__(self, folder: Path, service: Service) -> None:
        assert NGINX is not None
        self.http, self.https = free_port(), free_port()
        authority = trustme.CA()
        certificate = authority.issue_cert(NAME)
        certificate.private_key_pem.write_to_path(folder / "key.pem")
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(folder / "chain.pem", append=True)
        self.trust = ssl.create_default_context()
        authority.configure_trust(self.trust)
        (folder / "ocr.conf").write_text(self._configured(folder, service))
        temporary = "\n".join(f"    {name}_temp_path {folder}/{name};" for name in TEMPORARY)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(MAIN.format(user=user, folder=folder, temporary=temporary))
        self._log = folder / "error.log"
        self._command = [NGINX, "-e", str(self._log), "-p", str(folder), "-c", str(folder / "nginx.conf")]
        check = subprocess.run([*self._command, "-t"], capture_output=True, text=True, timeout=30)
        assert check.returncode == 0, check.stderr
        self.process = spawn(*self._command)
        wait_for(self._listens)

    def _configured(self, folder: Path, service: Service) -> str:
        changes = {
            f"/etc/letsencrypt/live/{NAME}/fullchain.pem": f"{folder}/chain.pem",
            f"/etc/letsencrypt/live/{NAME}/privkey.pem": f"{folder}/key.pem",
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
            "listen 80;": f"listen 127.0.0.1:{self.http};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self.https} ssl http2;",
            "http://127.0.0.1:8080": service.url,
        }
        text = CONFIGURATION.read_text()
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        return text

    def _listens(self) -> bool:
        assert self.process.poll() is None, self._log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.https)):
            return True
        return False

    def client(self) -> httpx.Client:
        """Speaks TLS with the name of the certificate, to our port."""
        base = f"https://127.0.0.1:{self.https}"
        client = httpx.Client(base_url=base, verify=self.trust, trust_env=False, timeout=60, headers={"Host": NAME})
        client.event_hooks["request"] = [lambda request: request.extensions.update(sni_hostname=NAME)]
        return client

    def raw(self, *lines: str) -> bytes:
        """The head and the problem that are answered to a request's head alone."""
        with (
            socket.create_connection(("127.0.0.1", self.https), timeout=30) as plain,
            self.trust.wrap_socket(plain, server_hostname=NAME) as secure,
        ):
            secure.sendall("\r\n".join([*lines, f"Host: {NAME}", "Connection: close", "", ""]).encode())
            answer = b""
            while not answer.endswith(b"}"):
                answer += secure.recv(65536) or pytest.fail(f"cut off: {answer!r}")
            return answer

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A service that knows the proxy, as ocr.conf says."""
    with running(PUBLIC_URL=f"https://{NAME}", TRUSTED_PROXIES="127.0.0.1", PAGE_PROCESSES="1") as service:
        yield service


@pytest.fixture(scope="module")
def proxy(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    proxy = Proxy(tmp_path_factory.mktemp("nginx"), service)
    yield proxy
    proxy.stop()


@pytest.fixture
def client(proxy: Proxy) -> Iterator[httpx.Client]:
    with proxy.client() as client:
        yield client


def result_of(client: httpx.Client, job: str) -> Any:
    answer = wait_for(
        lambda: ended if (ended := client.get(f"/jobs/{job}/result?wait=30")).status_code != 202 else None
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_limit_is_that_of_the_service() -> None:
    (megabytes,) = re.findall(r"client_max_body_size (\d+)m;", CONFIGURATION.read_text())
    assert int(megabytes) * MB == (Settings.model_fields["max_file_mb"].default << 20) + FORM_OVERHEAD


@needs_nginx
def test_a_document_goes_through(client: httpx.Client) -> None:
    answer = client.post("/infer", files={"file": ("document.pdf", text_pdf(2))})
    assert answer.status_code == 202, answer.text
    assert answer.headers["strict-transport-security"]
    assert answer.headers["location"] == f"https://{NAME}/jobs/{answer.json()['job_id']}"
    assert "eighty households" in result_of(client, answer.json()["job_id"])["result"]["markdown"]


@needs_nginx
def test_a_large_document_goes_through(client: httpx.Client) -> None:
    """More than the megabyte that nginx takes by default."""
    document = io.BytesIO()
    Image.new("RGB", (2400, 1800), "white").save(document, "BMP")
    assert len(document.getvalue()) > 10 * MB
    answer = client.post("/infer", files={"file": ("page.bmp", document.getvalue())})
    assert answer.status_code == 202, answer.text
    ended = result_of(client, answer.json()["job_id"])
    assert ended["status"] == "finished"
    assert ended["result"]["pages"][0]["route"] == "blank"


@needs_nginx
def test_what_is_too_large_is_refused_before_it_is_sent(proxy: Proxy) -> None:
    head, _, body = proxy.raw("POST /infer HTTP/1.1", f"Content-Length: {202 * MB}").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"content-type: application/problem+json" in head.lower()
    problem = httpx.Response(413, content=body).json()
    assert (problem["status"], problem["code"]) == (413, "too_large")


@needs_nginx
def test_plain_http_is_sent_to_https(proxy: Proxy) -> None:
    url = f"http://127.0.0.1:{proxy.http}/infer?a=1"
    answer = httpx.post(url, headers={"Host": NAME}, content=b"{}", trust_env=False)
    assert answer.status_code == 308
    assert answer.headers["location"] == f"https://{NAME}/infer?a=1"


@needs_nginx
def test_events_come_as_they_happen(client: httpx.Client, web: Web) -> None:
    """The first is there while the document is not."""
    web.files["/slow.pdf"] = text_pdf(3)
    web.drips["/slow.pdf"] = threading.Event()
    job = client.post("/infer", json={"pdf_url": f"{web.url}/slow.pdf"}).json()["job_id"]
    kinds: list[str] = []
    with client.stream("GET", f"/jobs/{job}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kinds.append(line.removeprefix("event: "))
                web.drips["/slow.pdf"].set()
    assert (kinds[0], kinds.count("page"), kinds[-1]) == ("status", 3, "status")
