"""Where the API listens, and whom it believes."""

import pytest
import uvicorn

from app.api.protocol import Protocol
from app.processes.listen import api_command, check_exposure
from app.settings import Settings, SettingsError


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "::1", "localhost"])
def test_this_machine_alone_needs_no_word(host: str) -> None:
    check_exposure(Settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "ocr.example.com"])
def test_all_others_are_let_in_by_a_word_only(host: str) -> None:
    with pytest.raises(
        SettingsError, match=f"HOST={host} opens the API.*-e ALLOW_ANONYMOUS=1, and -p 127.0.0.1:8080:8080"
    ):
        check_exposure(Settings(host=host))
    check_exposure(Settings(host=host, allow_anonymous=True))


def test_the_api_bounds_how_long_a_request_head_takes() -> None:
    command = api_command(Settings())
    config = uvicorn.Config("app.main:app", http=command[command.index("--http") + 1])
    config.load()
    assert config.http_protocol_class is Protocol


def test_proxies_are_believed_when_they_are_named() -> None:
    assert "--no-proxy-headers" in api_command(Settings())
    command = api_command(Settings(trusted_proxies=["10.0.0.0/8", "::1"]))
    assert command[-2:] == ["--forwarded-allow-ips", "10.0.0.0/8,::1"]
