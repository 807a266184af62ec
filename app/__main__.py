"""python -m app: runs the whole service or a part of it.

serve   Redis, API and worker (the default)
api     only the API; start workers with python -m worker
parse   converts documents with a service of its own, which it stops afterwards
openapi prints the OpenAPI document as JSON
"""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from app import __version__
from app.cli.misspelled import warn_of_misspelled
from app.cli.parse import parse
from app.cli.serve import ServiceFailed, check_store, run_service
from app.logging import configure
from app.processes.lifecycle import run_until_signal
from app.processes.listen import api_command, check_exposure
from app.redis.server import StoreError
from app.settings import Settings, SettingsError, load_settings
from app.storage.data_dir import make_data_dir


def main(arguments: list[str] | None = None) -> int:
    options = _arguments().parse_args(arguments)
    try:
        settings = load_settings()
        configure(settings)
        warn_of_misspelled()
        if options.command == "parse":
            return asyncio.run(parse(settings, options.documents, options.output))
        if options.command == "openapi":
            from app.main import app  # late: nothing else here is an API

            print(json.dumps(app.openapi(), indent=2, ensure_ascii=False))
            return 0
        if options.command == "api":
            check_exposure(settings)
            make_data_dir(settings)
            asyncio.run(check_store(settings))
            command = api_command(settings)
            os.execv(command[0], command)
        return run_until_signal(_serve(settings))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except (ServiceFailed, StoreError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run.sh", description="PaddleOCR-VL Service: documents in, markdown and images out."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("serve", help="run the service until Ctrl-C (the default)")
    commands.add_parser("api", help="run only the API; workers run elsewhere")
    commands.add_parser("openapi", help="print the OpenAPI document of the HTTP API")
    one = commands.add_parser("parse", help="convert documents to markdown, without a running service")
    one.add_argument("documents", nargs="+", metavar="FILE_OR_URL")
    one.add_argument("-o", "--output", type=Path, default=Path("out"), help="folder for markdown and images (out)")
    return parser


async def _serve(settings: Settings) -> None:
    async def ready(url: str) -> None:
        print(
            f"PaddleOCR-VL Service {__version__} is ready at {url} (data in {settings.data_dir}; Ctrl-C stops it)",
            flush=True,
        )

    await run_service(settings, ready)


if __name__ == "__main__":
    sys.exit(main())
