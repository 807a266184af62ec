#!/usr/bin/env python3
"""Sends a document to the service and saves what comes back: python examples/client.py examples/report.pdf

Needs httpx. The service's address is taken from OCR_URL, http://127.0.0.1:8080 by default.
"""

import base64
import os
import sys
from pathlib import Path

import httpx


def main(path: Path) -> None:
    with httpx.Client(base_url=os.environ.get("OCR_URL", "http://127.0.0.1:8080"), timeout=60) as service:
        with path.open("rb") as file:
            answer = service.post("/infer", files={"file": (path.name, file)})
        answer.raise_for_status()
        job = answer.json()["job_id"]
        while True:
            answer = service.get(f"/jobs/{job}/result", params={"wait": 30})
            answer.raise_for_status()
            if answer.status_code == 200:
                break
            state = service.get(f"/jobs/{job}").json()
            print(f"{state['status']}: {state['pages_done']} of {state['pages_total'] or '?'} pages")
    outcome = answer.json()
    if "error" in outcome:
        sys.exit(f"{outcome['error']['code']}: {outcome['error']['message']}")
    Path(f"{path.stem}.md").write_text(outcome["result"]["markdown"], encoding="utf-8")
    for name, data in outcome["result"]["images"].items():
        Path(name).write_bytes(base64.b64decode(data))
    print(f"{path.stem}.md and {len(outcome['result']['images'])} images")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
