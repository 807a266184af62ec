"""Which lines are headings, and of which level."""

import re

from ..model.boxes import overlap_x
from ..model.lines import Line, Measure
from ..model.patterns import LETTER

LABEL = (
    r"(?i:article|artikel|artigo|art[íi]culo|art\.|chapter|kapitel|chapitre|cap[íi]tulo|section|abschnitt"
    r"|appendix|annex|anhang)\s+"
)
LABELLED = re.compile(LABEL + r"(\d+|[IVXLC]+|[A-Z])\b")
LABEL_ALONE = re.compile(LABEL + r"[^\W_]+[.:]?")
"""What may stand above the title of a chapter: "Chapter 3", "Chapter Three"."""
NUMBERED = re.compile(
    LABELLED.pattern + r"|(?P<number>\d{1,2}(\.\d{1,2}){0,4})(\.?\s+|\.)(?=[^\W\d_])"
    r"|(第.{1,4}[章节部]|[一二三四五六七八九十]{1,3}、|(?P<part>[A-Z])\.|(?P<roman>[IVX]{1,5})\.|§\s?\d{1,3}[a-z]?)\s*(?=\S)",
)
SECTION = re.compile(r"(\d{1,2}(\.\d{1,2}){1,4}\.?|[A-Z]\.|[IVX]{1,5}\.|§\s?\d+)\s+(?=[A-ZÄÖÜ])")
"""Numbers that lists rarely have: they make headings where the type of a scan is not known."""
KNOWN = re.compile(
    r"(abstract|summary|references|bibliography|acknowledge?ments|contents|appendix|conclusions?|introduction|keywords"
    r"|zusammenfassung|literatur(verzeichnis)?|inhalt(sverzeichnis)?|danksagung|anhang|résumé|références|sommaire"
    r"|摘要|参考文献|目录|致谢|附录|结论|引言)\W*",
    re.I,
)
SENTENCE_END = re.compile(r"[.,;。，；、]\s?[”\"’»」』]?$")
QUANTITY = re.compile(r"[-+−±~]?\s*[€$£¥]?\s*\d[\d.,' ]*([€$£¥%‰]|°?[A-Za-z]{1,2}[²³]?)?")
"""A figure with its unit, as set in large type on dashboards."""
LONGEST = 150
"""Characters: more is a paragraph in large or bold type."""
APART = 1.3
"""How many times the usual pitch lies above a heading."""


def is_heading(line: Line, measure: Measure, *, apart: bool = False) -> bool:
    """Does the line look like (the first line of) a heading, by its text and type, and by how far `apart` it stands?"""
    text, ratio = line.text, line.size / measure.body
    numbered = NUMBERED.match(text) is not None
    if not LETTER.search(text) or QUANTITY.fullmatch(text) or len(text) > LONGEST:
        return False
    if line.contents or line.boxed or not line.upright:
        return False
    if line.cells > (2 if numbered else 1):
        return False
    if SENTENCE_END.search(text[-3:]) and ratio < 1.6:
        return False
    if ratio >= measure.sure and not measure.is_body(line):
        return True
    if line.runs > 1 and not numbered:
        return False
    if line.bold and not line.face and text[0].islower():  # weight and size read off a scan are rough
        return False
    if line.bold and ratio > (0.95 if line.face else 0.8):
        return numbered or not text.endswith((":", "："))
    if numbered and ratio > 1.05 and len(text) < 60:
        return True
    other_face = bool(line.face) and line.face != measure.face
    if other_face and LABELLED.match(text) and len(text) < 60:
        return True
    if not apart or ratio < 0.9 or len(text) > 80 or text[0].islower() or text.endswith((":", "：", "!", "?")):
        return False
    if KNOWN.fullmatch(text) is not None or (numbered and (other_face or text.isupper())):
        return True
    return not line.face and SECTION.match(text) is not None and not text.endswith((")", "]"))


def stands_apart(line: Line, before: Line | None, measure: Measure) -> bool:
    """Is there more white above the line than above a line of a paragraph?"""
    if before is None or overlap_x(line.box, before.box) <= 0 or before.middle > line.middle:
        return True
    return (line.box[3] - before.box[3]) / line.size > APART * measure.pitch


def level_of(line: Line, measure: Measure, *, title: bool = False) -> int:
    """1 to 6. Numbering decides where there is one ("2.1" is 3, under the title's 1), else the size."""
    ratio = line.size / measure.body
    if title:
        return 1
    if found := NUMBERED.match(line.text):
        return min(2 + (found["number"] or "").count(".") + bool(found["part"] and not found["roman"]), 6)
    if ratio >= 1.7:
        return 1
    return 2 if ratio >= 1.3 or KNOWN.fullmatch(line.text) else 3 if ratio >= 1.12 else 4
