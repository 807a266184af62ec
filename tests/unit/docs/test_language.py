"""Plain English: no phrase and no private name of an earlier dialect is left in what users read."""

import argparse
import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.__main__ import _arguments
from app.main import create_app
from support.harness import ROOT

PHRASES = [
    r"loses nothing",
    r"for granted",
    r"wants an?\b",
    r"keeps? .{0,40} from being ready",
    r"with a sentence",
    r"a last look",
    r"look before you turn",
    r"says? that you know",
    r"told\b",
    r"by how (it|they) begins?",
    r"what is none",
    r"of what moves",
    r"its resolution tells",
    r"in confidence",
    r"if all goes on",
    r"what dies",
    r"asks? nobody",
    r"nobody is asked",
    r"of strangers",
    r"least level",
    r"the (former|latter)\b",
    r"settings that cannot be\b",
    r"wants another",
    r"in crumbs",
    r"is there twice",
    r"for want of",
    r"taken up\b",
    r"who is next",
    r"founders",
    r"another's sake",
    r"ask for this word",
    r"sentences?\b",
    r"anew\b",
    r"in hand\b",
    r"stands?\b",
    r"cancell(ed|ing)",
    r"(is|are) refused by name",
    r"as it went",
    r"gives? it away",
    r"more on that",
]
"""What was written instead of the plain words, as patterns."""

IN_MESSAGES = [
    r"let go of",
    r"of ours",
    r"no longer ours",
    r"blob store",
    r"the store is",
    r"is away",
    r"(no|has not) beat",
    r"goes back",
    r"not looked at",
    r"for ever",
    r"nobody",
    r"hostile",
    r"refuses us",
    r"not well",
    r"worked on",
    r"(is|are) started again",
    r"there is no (engine|command|image|part)",
]
"""The same in messages: in documents some of them have another sense."""

NAMES = {
    "_Door", "buried", "bury", "close_in", "confided", "confidences", "Cores", "cores.py", "Crowded", "denied", "Down",
    "dropped", "fault", "freeze_garbage", "host_keeper", "HostKeeper", "insist", "kinds", "line.lua", "page_of",
    "prepared", "Rules", "Shares", "shares.py", "StoreKeeper", "tell", "tether", "Turns", "turns", "turns.py",
    "Yielded",
}  # fmt: skip
"""Names of the code that were replaced. As plain words many are good English, so they count in code spans only."""

MIGRATION = "docs/migration.md"  # lists the old names

DOCUMENTS = ["README.md", ".env.example", *sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md"))]


def found(text: str, phrases: list[str] = PHRASES) -> list[str]:
    """The phrases in `text`, each with its surroundings."""
    text = re.sub(r"\s+", " ", text)
    pattern = re.compile("|".join(rf"\b(?:{phrase})" for phrase in phrases), re.IGNORECASE)
    return [text[max(0, match.start() - 30) : match.end() + 20] for match in pattern.finditer(text)]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents(document: str) -> None:
    text = (ROOT / document).read_text()
    assert found(text) == []
    if document != MIGRATION:
        spans = set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))
        assert spans & NAMES == set()


def test_headings_of_the_changelog() -> None:
    headings = re.findall(r"^#+ .*", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings
    assert found("\n".join(headings)) == []


def test_help() -> None:
    """Of the programs, and the heads of the scripts."""
    parser = _arguments()
    texts = [parser.format_help()]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts += [command.format_help() for command in action.choices.values()]
    assert len(texts) > 2
    for script in ("run.sh", "build.sh", "docker/gpu.sh"):
        texts += re.findall(r"^ *#.*", (ROOT / script).read_text(), re.MULTILINE)
    assert found("\n".join(texts)) == []


@pytest.mark.parametrize("package", ["app", "worker"])
def test_messages(package: str) -> None:
    """Of errors, of the log, in answers: every string of the code that is not documentation."""
    texts = {str(path.relative_to(ROOT)): list(strings(path.read_text())) for path in (ROOT / package).rglob("*.py")}
    assert sum(map(len, texts.values())) > 100
    phrases = PHRASES + IN_MESSAGES
    hits = {path: [hit for text in texts[path] for hit in found(text, phrases)] for path in texts}
    assert {path: hit for path, hit in hits.items() if hit} == {}


def strings(source: str) -> Iterator[str]:
    """The string constants of two words or more, those of f-strings included, without docstrings and comments."""
    tree = ast.parse(source)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in documentation else None
        if isinstance(text, str) and len(text.split()) > 1:
            yield text


def test_the_api_descriptions() -> None:
    texts = list(descriptions(create_app().openapi()))
    assert len(texts) > 30
    assert found("\n".join(texts)) == []


def descriptions(schema: Any) -> Iterator[str]:
    """Every title, summary and description in an OpenAPI document."""
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name in ("description", "summary", "title") and isinstance(value, str):
                yield value
            else:
                yield from descriptions(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from descriptions(item)


@pytest.mark.parametrize("text", ["A sentence.", "The VLM server wants a GPU.", "jobs are\ntold", "It stands there."])
def test_a_phrase_is_found(text: str) -> None:
    assert found(text)


def test_strings_of_the_code() -> None:
    source = '''"""About this module."""\nNAME = "one"\nlog.info(f"{NAME} wants a GPU" "!")\n"""About that."""\n'''
    assert list(strings(source)) == [" wants a GPU!"]


@pytest.mark.parametrize("text", ["The store requires a password.", "standard error", "Stop it by hand."])
def test_plain_words_are_not(text: str) -> None:
    assert found(text) == []
