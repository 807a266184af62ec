"""Documents of every kind through API, store and worker: told apart, opened, read, or refused in a sentence."""

import http.server
import io
import re
import threading
from collections.abc import Iterator

import pypdfium2 as pdfium
import pytest
import redis
from fpdf.enums import EncryptionMethod
from PIL import ExifTags, Image, TiffImagePlugin

from app.documents.formats import Format, kind_of, require_document
from app.errors import DocumentError
from support.documents import (
    PARAGRAPH,
    encrypted_pdf,
    image_file,
    raw_pdf,
    scan,
    text_pdf,
    weakly_encrypted_pdf,
)
from support.harness import Service, Web, running, wait_for
from worker.documents.pdf import decrypt

SECRET = "Sesam öffne dich"
SMALL = scan("Paid in full.").crop((0, 0, 1240, 400))


@pytest.fixture(scope="module")
def null() -> Iterator[Service]:
    """A service that reads nothing, and quickly."""
    with running(ENGINE="null", LOG_LEVEL="debug") as service:
        yield service


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (text_pdf(), Format.PDF),
        (b"junk before it\n" * 60 + b"%PDF-1.7", Format.PDF),
        (image_file(SMALL, "PNG"), Format.PNG),
        (image_file(SMALL, "JPEG"), Format.JPEG),
        (image_file(SMALL, "TIFF"), Format.TIFF),
        (image_file(SMALL, "TIFF", big_tiff=True), Format.TIFF),
        (b"MM\0*\0\0\0\x08", Format.TIFF),
        (image_file(SMALL, "WEBP"), Format.WEBP),
        (image_file(SMALL, "BMP"), Format.BMP),
        (b"BMW builds cars, and this is a text of them.", None),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"", None),
    ],
)
def test_a_kind_is_told_by_its_head(head: bytes, kind: Format | None) -> None:
    assert kind_of(head[:1024]) is kind


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf <!DOCTYPE html>", "a web page or XML"),
        (b'{"error": 404}', "JSON"),
        (b"PK\x03\x04\x14\0", "a ZIP or Office file"),
        (b"\0\0\0\x18ftypheic\0", "a HEIC photo"),
        (b"\0\0\0\x20ftypisom\0", "a video"),
        (b"GIF89a\x01", "a GIF image"),
        (b"Dear Sir or Madam,\n", "plain text"),
        ("Grüße".encode("utf-16"), "plain text"),
        (b"\0\x01\x02\x03", "nothing known"),
    ],
)
def test_what_is_no_document_is_told_what_it_looks_like(head: bytes, words: str) -> None:
    with pytest.raises(DocumentError, match=words) as refusal:
        require_document(head)
    assert refusal.value.code == "not_a_document"
    assert refusal.value.message.endswith("send PDF, PNG, JPEG, TIFF, WebP or BMP.")


KINDS = {
    "pdf": text_pdf(1, "Paid in full."),
    "png": image_file(SMALL, "PNG"),
    "jpg": image_file(SMALL, "JPEG", dpi=(150, 150)),
    "tif": image_file(SMALL, "TIFF", compression="tiff_lzw", save_all=True, append_images=[SMALL.convert("1")]),
    "webp": image_file(SMALL, "WEBP", lossless=True),
    "bmp": image_file(SMALL, "BMP"),
}


@pytest.mark.slow
def test_every_kind_is_read_by_url_and_by_upload(service: Service, web: Web) -> None:
    jobs = {}
    for name, data in KINDS.items():
        web.files[f"/{name}"] = data
        answer = service.client.post("/infer", json={"pdf_url": f"{web.url}/{name}"})
        jobs[name] = [answer.json()["job_id"], service.submit(data)]
    for name, pair in jobs.items():
        by_url, by_upload = (service.result(job)["result"] for job in pair)
        assert by_url == by_upload
        pages = by_url["pages"]
        assert len(pages) == (2 if name == "tif" else 1)
        for page in pages:
            assert page["route"] == ("text" if name == "pdf" else "ocr")
            assert re.search("Paid in full", page["markdown"]), name
            assert all(side >= 0 for block in page["blocks"] for side in block["bbox"])
        if name != "pdf":
            assert [(page["width"], page["height"]) for page in pages] == [SMALL.size] * len(pages)


@pytest.mark.slow
def test_a_page_of_text_is_read_from_a_picture(service: Service) -> None:
    """Lying on its side, as a telephone saves it."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    upright = scan()
    turned = upright.transpose(Image.Transpose.ROTATE_90)
    result = service.result(service.submit(image_file(turned, "PNG", exif=exif)))["result"]
    (page,) = result["pages"]
    assert (page["width"], page["height"], page["route_reason"]) == (*upright.size, "scanned")
    text = re.sub(r"\W+", " ", result["markdown"])
    assert "Chapter 1" in text
    assert re.sub(r"\W+", " ", PARAGRAPH).strip() in text
    heading = page["blocks"][0]["bbox"]
    assert heading[1] < 200
    assert heading[0] < 200


@pytest.mark.slow
def test_bad_images_fail_in_a_sentence(null: Service) -> None:
    noise = image_file(Image.effect_noise((300, 200), 90), "PNG")
    error = null.result(null.submit(noise[: len(noise) // 2]))["error"]
    assert error["code"] == "page_failed"
    assert error["message"].startswith("Page 1 cannot be decoded: its PNG image is damaged")
    error = null.result(null.submit(noise[:20]))["error"]
    assert error == {
        "code": "document_invalid",
        "message": "The document is damaged: it cannot be opened as a PNG image.",
    }
    frames = [Image.effect_noise((300, 200), 90) for _ in range(3)]
    data = bytearray(image_file(frames[0], "TIFF", save_all=True, append_images=frames[1:], compression="tiff_lzw"))
    with Image.open(io.BytesIO(data)) as image:
        assert isinstance(image, TiffImagePlugin.TiffImageFile)
        image.seek(1)
        data[image.tag_v2[273][0] : image.tag_v2[273][0] + 64] = b"\xff" * 64
    result = null.result(null.submit(bytes(data)))["result"]
    assert [error["index"] for error in result["page_errors"]] == [2]
    assert "Traceback" not in null.log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("data", [b"<html>Sign in</html>", b"PK\x03\x04 zip", b"", b"Dear Sir or Madam"])
def test_uploads_that_are_no_document_are_refused_at_once(null: Service, data: bytes) -> None:
    answer = null.client.post("/infer", files={"file": ("report.pdf", data)})
    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_a_document"
    assert answer.json()["detail"].endswith("send PDF, PNG, JPEG, TIFF, WebP or BMP.")


@pytest.mark.slow
def test_a_download_that_is_no_document_ends_with_its_head(null: Service) -> None:
    """The video has no end: only who hangs up gets away."""
    sent, hung_up = [0], threading.Event()

    class Endless(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                self.wfile.write(b"\0\0\0\x20ftypisom")
                while True:
                    sent[0] += self.wfile.write(b"\0" * 4096)
            except OSError:
                hung_up.set()

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endless) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/report.pdf"
            outcome = null.result(null.client.post("/infer", json={"pdf_url": url}).json()["job_id"])
            assert hung_up.wait(20)
        finally:
            server.shutdown()
            thread.join()
    assert outcome["error"]["code"] == "not_a_document"
    assert "looks like a video" in outcome["error"]["message"]
    assert sent[0] < 64 << 20  # what the kernels hold, and no more
    assert not (null.data_dir / "blobs" / outcome["job_id"] / "source").exists()


@pytest.mark.slow
def test_a_short_download_is_judged_by_all_of_it(null: Service, web: Web) -> None:
    web.files["/a.pdf"] = b"<html>Sign in</html>"
    job = null.client.post("/infer", json={"pdf_url": f"{web.url}/a.pdf"}).json()["job_id"]
    error = null.result(job)["error"]
    assert (error["code"], "a web page" in error["message"]) == ("not_a_document", True)


METHODS = [EncryptionMethod.RC4, EncryptionMethod.AES_128, EncryptionMethod.AES_256]


@pytest.mark.slow
@pytest.mark.parametrize("document", [weakly_encrypted_pdf(), *(encrypted_pdf("user", method) for method in METHODS)])
def test_a_password_opens_what_needs_it(null: Service, document: bytes) -> None:
    assert null.result(null.submit(document, password="user"))["status"] == "finished"
    missing = null.result(null.submit(document))["error"]
    assert missing["code"] == "document_encrypted"
    assert "send it as `password`" in missing["message"]
    wrong = null.result(null.submit(document, password="User"))["error"]
    assert wrong["code"] == "document_encrypted"
    assert "The password is wrong" in wrong["message"]


@pytest.mark.slow
@pytest.mark.parametrize("document", [text_pdf(), KINDS["png"], *(encrypted_pdf(None, method) for method in METHODS)])
def test_a_password_that_is_not_needed_is_ignored(null: Service, document: bytes) -> None:
    for fields in ({}, {"password": "user"}):
        assert null.result(null.submit(document, **fields))["status"] == "finished"


@pytest.mark.slow
def test_the_text_of_an_encrypted_document_is_read(service: Service, web: Web) -> None:
    web.files["/a.pdf"] = encrypted_pdf(SECRET, EncryptionMethod.AES_256)
    answer = service.client.post("/infer", json={"pdf_url": f"{web.url}/a.pdf", "password": SECRET})
    assert PARAGRAPH in service.result(answer.json()["job_id"])["result"]["markdown"]


def test_decrypted_copies_are_whole() -> None:
    def decrypted(document: bytes) -> bytes:
        copy = io.BytesIO()
        decrypt(io.BytesIO(document), SECRET, copy)
        return copy.getvalue()

    copy = decrypted(encrypted_pdf(SECRET, EncryptionMethod.AES_256))
    with pdfium.PdfDocument(copy) as document:
        assert PARAGRAPH[:30] in document[0].get_textpage().get_text_range()
    assert decrypted(copy) == b""
    assert decrypted(b"%PDF-1.7 and no more") == b""  # whoever opens it says what is wrong


def traces(service: Service, secret: str) -> list[str]:
    """Where the secret stands: keys of the store, files."""
    found = []
    with redis.Redis(unix_socket_path=str(service.data_dir / "redis.sock")) as store:
        for key in store.scan_iter(count=1000):
            kept = str(store.hgetall(key)).encode() if store.type(key) == b"hash" else store.dump(key) or b""
            if secret.encode() in kept:
                found.append(key.decode())
    for path in [service.log, *service.data_dir.rglob("*")]:
        if path.is_file() and secret.encode() in path.read_bytes():
            found.append(path.name)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "document", [encrypted_pdf("Open the door 7"), encrypted_pdf("another"), text_pdf(), raw_pdf(b"", pages=0)]
)
def test_a_password_is_kept_nowhere(null: Service, document: bytes) -> None:
    secret = "Open the door 7"
    worker = null.find("-m", "worker")
    worker.suspend()
    try:
        job = null.submit(document, password=secret)
        assert traces(null, secret) == ["password"]
    finally:
        worker.resume()
    outcome = null.result(job)
    assert secret not in str(outcome)
    assert secret not in null.client.get(f"/jobs/{job}").text
    wait_for(lambda: traces(null, secret) == [])


@pytest.mark.slow
def test_a_canceled_job_forgets_its_password(null: Service) -> None:
    worker = null.find("-m", "worker")
    worker.suspend()
    try:
        job = null.submit(encrypted_pdf("Open the door 8"), password="Open the door 8")
        null.client.delete(f"/jobs/{job}")
    finally:
        worker.resume()
    wait_for(lambda: traces(null, "Open the door 8") == [])
