"""Settings as they are given: environment variables, and the file `.env` of the working directory.

Standard library only: run.sh runs this file as a script, before anything is installed, to learn what decides which
environment it needs. What the service and run.sh read is therefore the same.
"""

import codecs
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path(".env")

_SPACES = re.compile(r"\s*")
_BLANKS = re.compile(r"[^\S\r\n]*")
_EXPORT = re.compile(r"(?:export[^\S\r\n]+)?")
_NAME = re.compile(r"'([^']+)'|(?!')([^=#\s]+)")
_EQUALS = re.compile(r"=([^\S\r\n]*)")
_SINGLE = re.compile(r"'((?:\\.|[^'\\])*)'", re.DOTALL)
_DOUBLE = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
_BARE = re.compile(r"[^\r\n]*")
_END = re.compile(r"[^\S\r\n]*(?:#[^\r\n]*)?(?:\r\n|\n|\r|\Z)")
_REST = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_VARIABLE = re.compile(r"\$\{([^}:]*)(?::-([^}]*))?\}")


class EnvFileError(Exception):
    """The file `.env` cannot be read; the message says what to do."""


@dataclass(frozen=True)
class EnvFile:
    """`values` by name in upper case; `unreadable`: numbers of the lines that are not NAME=value."""

    values: dict[str, str] = field(default_factory=dict)
    unreadable: list[int] = field(default_factory=list)


def read_env_file(path: Path = FILE) -> EnvFile:
    """The file, or an empty one where there is none. Raises EnvFileError."""
    if not path.is_file():
        return EnvFile()
    shown = path.absolute()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EnvFileError(f"{shown} cannot be read: {error.strerror}.") from None
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content:
        raise EnvFileError(f"{shown} is UTF-16, as Windows PowerShell writes it: save it as UTF-8.")
    try:
        return parse(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise EnvFileError(f"{shown} is not UTF-8 text (line {line}): save it as UTF-8.") from None


def parse(text: str) -> EnvFile:
    """Reads it as python-dotenv does: `export`, quotes, comments, values over several lines, ${NAME:-default}."""
    found = EnvFile()
    at = 0
    while (at := _match(_SPACES, text, at).end()) < len(text):
        line = text.count("\n", 0, at) + 1
        at, name, value = _entry(text, at)
        if (end := _END.match(text, at)) is None:
            found.unreadable.append(line)
            at = _match(_REST, text, at).end()
            continue
        at = end.end()
        found.values.pop(name.upper(), None)
        if value is not None:
            found.values[name.upper()] = _expand(value, found.values)
    return found


def _expand(value: str, earlier: Mapping[str, str]) -> str:
    """`value` with its ${NAME} and ${NAME:-default}: of the lines before, or of the environment."""

    def content(variable: "re.Match[str]") -> str:
        name, default = variable[1], variable[2] or ""
        return earlier.get(name.upper(), os.environ.get(name, default))

    return _VARIABLE.sub(content, value)


def _entry(text: str, at: int) -> tuple[int, str, str | None]:
    """Where the entry at `at` ends, its name and its value. One that is not NAME=value ends before its line does."""
    if text[at] == "#":
        return at, "", None
    at = _match(_EXPORT, text, at).end()
    if (name := _NAME.match(text, at)) is None:
        return at, "", None
    at = _match(_BLANKS, text, name.end()).end()
    if (equals := _EQUALS.match(text, at)) is None:
        return at, name[1] or name[2], None
    at = equals.end()
    quote = text[at : at + 1]
    if quote in ("'", '"') and quote:
        quoted = (_SINGLE if quote == "'" else _DOUBLE).match(text, at)
        if quoted is None:
            return at, "", None
        escapes = r"\\[\\']" if quote == "'" else r"\\[\\'\"abfnrtv]"
        value = re.sub(escapes, lambda escape: codecs.decode(escape[0], "unicode-escape"), quoted[1])
        return quoted.end(), name[1] or name[2], value
    bare = _match(_BARE, text, at)
    value = "" if equals[1] and quote == "#" else re.sub(r"\s+#.*", "", bare[0]).rstrip()
    return bare.end(), name[1] or name[2], value


def _match(pattern: "re.Pattern[str]", text: str, at: int) -> "re.Match[str]":
    """For patterns that match anything."""
    found = pattern.match(text, at)
    assert found is not None
    return found


def find(names: tuple[str, ...], environment: Mapping[str, str], file: EnvFile) -> tuple[str, str, bool] | None:
    """Name, value and whether it is the file's, of the first of `names` that is set: the environment wins.

    `environment` has names in upper case. An empty value counts as unset.
    """
    for values in (environment, file.values):
        for name in names:
            if value := values.get(name):
                return name, value, values is file.values
    return None


def upper_case(environment: Mapping[str, str]) -> dict[str, str]:
    """`port` is PORT; where both are there, PORT counts."""
    return {name.upper(): value for name, value in environment.items()} | dict(environment)


def main(settings: list[str]) -> int:
    """Prints the value of each of the settings, a line each; one with several names is given as A,B."""
    try:
        file = read_env_file()
    except EnvFileError as error:
        print(error, file=sys.stderr)
        return 2
    environment = upper_case(os.environ)
    for names in settings:
        found = find(tuple(names.split(",")), environment, file)
        print(found[1] if found else "")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
