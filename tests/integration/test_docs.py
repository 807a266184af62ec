"""What the documents tell people to type: settings, images and files are there, and what can run here does."""

import hashlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import app.errors
from app.engines.options import PaddleOCRVLOptions
from app.processes.die_with_parent import die_with_parent
from app.settings import Settings
from support.documents import text_pdf
from support.harness import ROOT, START_WITHIN, Service, Web, spawn, wait_for

pytestmark = pytest.mark.slow  # once is enough, on one Python

DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("deploy/**/*.md"), *ROOT.glob("benchmarks/*.md")]
)
OF_SCRIPTS = {
    "PYTHON", "VENV", "PIP_CERT",  # run.sh
    "BUILDER", "GPU_SUFFIX", "BASE", "DIGEST",  # build.sh
    "HTTP_PORT", "GPU_DEVICE_ID", "REDIS_PASSWORD", "MODELS", "VLM_GPU_MEMORY",  # compose files
}  # fmt: skip
IMAGE = re.compile(r"(?<![\w/.])paddleocr-vl-service(?:-api|-worker-[a-z]+)?(?::[\w.-]+)?(?![\w/-])")
"""One of ours, wherever it is named."""
OF_OTHERS = {
    "CHAOS_JOBS", "CHAOS_FAULTS", "CHAOS_HOLD", "CHAOS_SEED", "CHAOS_LONG", "CHAOS_PAUSES", "FUZZ_EXAMPLES",
    "LOST_KEYS_SEEDS", "SCHEMATHESIS_EXAMPLES", "MODEL_EXAMPLES", "HF_HOME",
}  # fmt: skip
"""Of the tests and benchmarks."""


def settings() -> set[str]:
    names = {name.upper() for name in Settings.model_fields}
    for field in Settings.model_fields.values():
        names |= {str(choice).upper() for choice in getattr(field.validation_alias, "choices", [])}
    return names


def blocks(document: Path) -> list[str]:
    """Its blocks of commands."""
    return re.findall(r"^```sh\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE)


def lines(block: str) -> list[list[str]]:
    """Its commands as words, without comments; those that go on over lines in one."""
    found = []
    for line in re.sub(r"\\\n", " ", block).splitlines():
        for command in re.split(r"\s(?:&&|\|)\s", re.sub(r"(^|\s)#.*", "", line)):
            if command.strip():
                try:
                    found.append(shlex.split(command))
                except ValueError:  # a quotation over several lines
                    found.append(command.split())
    return found


COMMANDS = [(document, words) for document in DOCUMENTS for block in blocks(document) for words in lines(block)]
LISTED = subprocess.run([ROOT / "build.sh", "--list"], capture_output=True, text=True, check=True).stdout.split()


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 60
    assert {"README.md", "deploy-gcp.md", "operations.md"} <= {document.name for document, _ in COMMANDS}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_blocks_are_shell(document: Path) -> None:
    for block in blocks(document):
        ended = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr + block


def test_what_containers_are_told_are_settings() -> None:
    told = []
    for _, words in COMMANDS:
        if words[:2] == ["docker", "run"]:
            told += [words[at + 1].partition("=")[0] for at, word in enumerate(words) if word in ("-e", "--env")]
    text = "\n".join(document.read_text() for document in DOCUMENTS)
    told += re.findall(r"`-e ([A-Z_]+)", text)
    assert {"REDIS_URL", "VL_SERVER_URL", "ALLOW_ANONYMOUS"} <= set(told)
    assert set(told) <= settings()


def test_what_commands_are_given_are_settings() -> None:
    """NAME=value before a command of ours, and alone."""
    known = settings() | OF_SCRIPTS | OF_OTHERS
    for document, words in COMMANDS:
        for word in words:
            if not (found := re.fullmatch(r"([A-Z][A-Z_]+)=.*", word, re.DOTALL)):
                break
            assert found[1] in known, (document, words)


def test_images_are_built_or_known() -> None:
    for document in DOCUMENTS:
        for image in IMAGE.findall(document.read_text()):
            assert (image if ":" in image else f"{image}:latest") in LISTED, (document, image)
    compose = "".join(path.read_text() for path in ROOT.glob("docker/compose*.yaml"))
    for document, words in COMMANDS:
        if words[:2] == ["docker", "run"]:
            image = image_of(words)
            assert image in LISTED or image.rpartition(":")[0] in compose or image == "ubuntu:22.04", (document, image)


def image_of(words: list[str]) -> str:
    """The image of a docker run: the first word that is neither an option nor the value of one."""
    rest = iter(words[2:])
    for word in rest:
        if not word.startswith("-"):
            return word
        if word not in ("-d", "--rm") and "=" not in word:
            next(rest)
    raise AssertionError(words)


def test_files_are_there() -> None:
    for document, words in COMMANDS:
        for word in words:
            path = word.removeprefix("@").removeprefix("file=@").removeprefix("./")
            if re.match(r"(app|worker|docker|deploy|docs|examples|benchmarks|tests|requirements)/[\w./-]+$", path):
                assert (ROOT / path.partition("::")[0]).exists(), (document, word)
            if word.startswith("./") and not word.startswith("./offline"):
                assert (ROOT / path).exists(), (document, word)


def test_files_that_are_named_are_there() -> None:
    path = re.compile(
        r"`((?:app|benchmarks|deploy|docker|docs|examples|requirements|tests|worker|\.ci|\.github)/[\w./-]+)`"
    )
    named = [(document, name) for document in DOCUMENTS for name in path.findall(document.read_text())]
    assert len(named) > 50
    assert [(document, name) for document, name in named if not (ROOT / name).exists()] == []


def test_links_lead_somewhere() -> None:
    for document in DOCUMENTS:
        text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if target.startswith(("http://", "https://")):
                continue
            name, _, anchor = target.partition("#")
            file = (document.parent / name).resolve() if name else document
            assert file.exists(), (document, target)
            if anchor:
                heads = re.findall(r"^#+ (.*)", file.read_text(), re.MULTILINE)
                assert anchor in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}, (
                    document,
                    target,
                )


def test_builds_and_runs_are_known() -> None:
    commands = re.findall(r"^ +(\S+)", run("./run.sh help"), re.MULTILINE)
    images = re.findall(r"^images=\((.*)\)", (ROOT / "build.sh").read_text(), re.MULTILINE)[0].split()
    for document, words in COMMANDS:
        if "./build.sh" in words:
            arguments = words[words.index("./build.sh") + 1 :]
            assert set(arguments) <= {*images, "--list", "--prefetch"}, (document, words)
        if "./run.sh" in words:
            arguments = words[words.index("./run.sh") + 1 :]
            assert not arguments or arguments[0] in commands, (document, words)


def test_the_first_commands_of_the_readme_do_what_they_say(service: Service, tmp_path: Path) -> None:
    """With run.sh in an environment that is installed, and against a service that runs."""
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (venv / "bin/python").chmod(0o755)
    (venv / ".lock").write_text(hashlib.sha256((ROOT / "requirements.txt").read_bytes()).hexdigest() + "\n")
    first, second = blocks(ROOT / "README.md")[:2]
    (parse,) = [line for line in first.splitlines() if "parse" in line]
    run(parse.replace("out/", str(tmp_path)), VENV=str(venv), PYTHON="/nonexistent")
    written = (tmp_path / "report.md").read_text().replace("](report/", "](")
    assert written.startswith("# ")
    submit, answer, fetch = second.replace("http://127.0.0.1:8080", service.url).strip().splitlines()
    told = run(submit)
    assert set(re.findall(r'"(\w+)":', answer)) == set(re.findall(r'"(\w+)":', told))
    (job,) = re.findall(r'"job_id": ?"(\w+)"', told)
    assert run(fetch.replace("5f0c…", job)).strip() == written.strip()


def run(command: str, cwd: Path = ROOT, **environment: str) -> str:
    ended = subprocess.run(
        die_with_parent("bash", "-c", command),
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_api_and_worker_by_hand(data_dir: Path) -> None:
    """The documented commands: both use the store of DATA_DIR, and one of them keeps it."""
    (block,) = [block for block in blocks(ROOT / "docs/deployment.md") if "python -m app api" in block]
    made = Service(data_dir)
    environment = {**os.environ, "DATA_DIR": str(data_dir), "PORT": str(made.port), "ENGINE": "null"}
    environment |= {"HOST": "0.0.0.0", "ALLOW_ANONYMOUS": "1"}
    parts = [spawn(sys.executable, *words[1:], cwd=ROOT, env=environment) for words in lines(block)]
    (worker,) = [part for part, words in zip(parts, lines(block), strict=True) if "worker" in words]
    made.process = next(part for part in parts if part is not worker)
    try:
        wait_for(made._ready, START_WITHIN)
        assert made.result(made.submit(text_pdf()))["status"] == "finished"
        worker.terminate()  # if it kept the store, the API takes over
        assert worker.wait(20) == 0
        wait_for(lambda: made.client.get("/health/ready").json()["parts"]["store"] == "ok")
        assert made.client.get("/health").json()["status"] == "ok"
    finally:
        for part in parts:
            if part.poll() is None:
                part.terminate()
            part.wait(30)
        made.client.close()


def test_the_commands_of_the_quickstart_are_those_of_the_readme() -> None:
    """So that what is run for the one holds for the other."""
    readme = (ROOT / "README.md").read_text()
    for block in blocks(ROOT / "docs/quickstart.md"):
        for line in block.splitlines():
            assert line in readme or "examples/client.py" in line, line


def test_the_commands_of_the_api_page_do_what_they_say(service: Service, web: Web, tmp_path: Path) -> None:
    """Every one of them, in their order, on the job of the last submission."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    web.files["/paper.pdf"] = text_pdf(3)
    job, ran = "", 0
    for block in blocks(ROOT / "docs/api.md"):
        script = block.replace("http://127.0.0.1:8080", service.url).replace("5f0c…", job)
        script = script.replace("https://example.com", web.url)
        if "/images/" in script:  # of a job that has a picture
            job = service.submit((ROOT / "examples/report.pdf").read_bytes())
            service.result(job)
            script = re.sub(r"/jobs/\w+/", f"/jobs/{job}/", script)
        printed = run('set -e; curl() { command curl -sS --fail-with-body "$@"; }\n' + script, cwd=tmp_path)
        if submitted := re.search(r'"job_id": ?"(\w+)", ?"status": ?"queued"', printed):
            job = submitted[1]
        ran += 1
    assert ran > 6
    assert (tmp_path / "report.zip").read_bytes().startswith(b"PK")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    assert service.client.get(f"/jobs/{job}").status_code == 410


def test_every_error_code_is_documented_and_no_other() -> None:
    tree = str(app.errors.__doc__)
    text = (ROOT / "docs/api.md").read_text().partition("## Errors")[2]
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE))
    used = set()
    for source in [*ROOT.glob("app/**/*.py"), *ROOT.glob("worker/**/*.py")]:
        used |= set(re.findall(r"""\bcode(?:: str)? ?= ?"([a-z_]+)\"""", source.read_text()))
    assert used - documented == set()
    assert [code for code in documented - used if not re.search(rf"\b{code}\b", tree)] == ["canceled"]


def test_every_error_code_has_its_statuses() -> None:
    text = (ROOT / "docs/api.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| ([\d, ]+) \|", text, re.MULTILINE))
    for error in app.errors.RequestError.__subclasses__():
        assert str(error.status) in rows[error.code].split(", "), error.__name__


def test_every_option_of_an_engine_is_documented() -> None:
    text = (ROOT / "docs/engines.md").read_text()
    missing = [name for name in PaddleOCRVLOptions.model_fields if f"`{name}`" not in text]
    assert missing == []


def test_the_new_modules_of_the_migration_page_are_there() -> None:
    text = (ROOT / "docs/migration.md").read_text().partition("## Modules")[2]
    rows = re.findall(r"^\| `([\w.]+)` \| `([\w.]+)` \|$", text, re.MULTILINE)
    assert len(rows) > 50
    for _, new in rows:
        path = ROOT / new.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__init__.py").exists(), new


def test_the_readme_is_short_and_has_its_picture() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.split()) <= 900
    (picture,) = re.findall(r"!\[.+\]\((.+)\)", text)
    assert (ROOT / picture).stat().st_size < 200_000


def test_the_example_client_runs(service: Service, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, ROOT / "examples/client.py", ROOT / "examples/report.pdf"],
        cwd=tmp_path,
        env={**os.environ, "OCR_URL": service.url},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "report.md").read_text().startswith("# ")
