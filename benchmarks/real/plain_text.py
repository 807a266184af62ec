"""The words of a text, and markdown without what only marks it up: every word stays, numbers of lists, too."""

import html
import re
import unicodedata

CJK = r"\u3040-\u30ff\u3400-\u9fff"
IMAGE_OR_TAG = re.compile(r"!\[[^\]]*\]\([^)]*\)|</?[a-z][^<>]*>|<!--.*?-->", re.S)
INLINE = re.compile(r"</?(?:sup|sub|b|i|u)>")
LINK = re.compile(r"(?<!\\)\[([^\[\]]+)\]\((?:https?:|mailto:|#|/|<)[^()\s]*\)")
BREAK = re.compile(r"[\u00ad\u0002\ufffe]\s*")
"""A hyphen that only breaks a word, as PDFium and fonts write it."""
WORD = re.compile(rf"[{CJK}]|[^\W_{CJK}]+")


def without_markup(markdown: str) -> str:
    return html.unescape(IMAGE_OR_TAG.sub(" ", INLINE.sub("", LINK.sub(r"\1", markdown))))


def words(text: str) -> list[str]:
    """Letters and digits in lower case; CJK characters count one by one."""
    return WORD.findall(unicodedata.normalize("NFKC", BREAK.sub("", text)).lower())
