"""Documents set by LibreOffice from flat OpenDocument files: text (Writer) and presentations (Impress)."""

import base64
import os
import re
import tempfile
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.quality.content.model import MARKUP, NUMBERED, Block, Document
from benchmarks.quality.typeset import call, pictures
from benchmarks.quality.typeset.twin import colour

NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in {
        "office": "office",
        "style": "style",
        "text": "text",
        "table": "table",
        "draw": "drawing",
        "presentation": "presentation",
        "fo": "xsl-fo-compatible",
        "svg": "svg-compatible",
        "number": "datastyle",
    }.items()
)
SLIDE_FONT = 'fo:font-family="Liberation Sans" style:font-family-asian="Noto Sans CJK SC" '
SLIDE_STYLES = {  # Impress takes no named styles of paragraphs: all of it goes into the automatic ones
    "Slide_20_title": 'fo:font-size="32pt" fo:font-weight="bold" fo:color="#1f3b57"',
    "Slide_20_subtitle": 'fo:font-size="22pt"',
    "Slide_20_footer": 'fo:font-size="11pt" fo:color="#777777"',
    "List": 'fo:font-size="22pt"',
    "Table_20_Contents": 'fo:font-size="18pt"',
    "Table_20_Heading": 'fo:font-size="18pt" fo:font-weight="bold"',
}
ATTRIBUTE = re.compile(r'([\w:-]+)="([^"]*)"')
HEADING_STYLES = {"h1": "Heading_20_1", "h2": "Heading_20_2", "h3": "Heading_20_3"}


def make(document: Document, blocks: list[Block], target: Path, *, twin: bool) -> None:
    """Sets the document as target."""
    setter = Setter(document, blocks, twin=twin)
    source, extension, writer = LAYOUTS[document.layout](setter)
    path = target.with_suffix(extension)
    path.write_text(source, encoding="utf-8")
    lossless = '{"UseLosslessCompression":{"type":"boolean","value":"true"}}'
    goal = f"pdf:{writer}_pdf_Export" + (f":{lossless}" if twin else "")
    env = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    with tempfile.TemporaryDirectory() as profile:
        own = f"-env:UserInstallation={Path(profile).as_uri()}"
        call("soffice", own, "--headless", "--convert-to", goal, path.name, cwd=target.parent, env=env)
    if not target.exists():
        raise RuntimeError(f"soffice wrote no {target.name}")


class Setter:
    """Turns blocks into OpenDocument XML and collects the automatic styles that they need."""

    def __init__(self, document: Document, blocks: list[Block], *, twin: bool) -> None:
        self.document, self.blocks, self.twin = document, blocks, twin
        self.presentation = document.layout == "slides"
        self.styles: dict[str, str] = {
            "bold": '<style:style style:name="bold" style:family="text"><style:text-properties fo:font-weight="bold" '
            'style:font-weight-asian="bold"/></style:style>',
            "italic": '<style:style style:name="italic" style:family="text"><style:text-properties '
            'fo:font-style="italic"/></style:style>',
        }

    def rgb(self, block: Block) -> str:
        return "#{:02x}{:02x}{:02x}".format(*colour(block["id"]))

    def area(self, at: str | int | None = None) -> list[Block]:
        return [b for b in self.blocks if b.get("at") == at and b["type"] != "footnote"]

    def all(self, at: str | None = None) -> str:
        return "\n".join(self.one(block) for block in self.area(at))

    def paragraph_style(self, block: Block, parent: str, paragraph: str = "", text: str = "") -> str:
        """An automatic style of the block's own: in the twin, with its colour."""
        name = f"P{block['id']}_{len(self.styles)}"
        shade = f'fo:color="{self.rgb(block)}"' if self.twin else ""
        if self.presentation:
            own = dict(ATTRIBUTE.findall(" ".join([SLIDE_FONT, SLIDE_STYLES[parent], text, shade])))
            text, shade = " ".join(f'{key}="{value}"' for key, value in own.items()), ""
            paragraph += ' fo:margin-bottom="3mm"' if parent in ("List", "Slide_20_subtitle") else ""
        page = f'style:master-page-name="{block["page"]}"' if "page" in block else ""
        self.styles[name] = (
            f'<style:style style:name="{name}" style:family="paragraph" style:parent-style-name="{parent}" {page}>'
            f"<style:paragraph-properties {paragraph}/><style:text-properties {shade} {text}/></style:style>"
        )
        return name

    def text(self, raw: str, notes: list[Block] | None = None) -> str:
        parts, end = [], 0
        left = list(notes or [])
        for match in MARKUP.finditer(raw):
            parts.append(self._escape(raw[end : match.start()]))
            bold, italic, label, _, note = match.groups()
            if bold:
                parts.append(f'<text:span text:style-name="bold">{self.text(bold)}</text:span>')
            elif italic:
                parts.append(f'<text:span text:style-name="italic">{self.text(italic)}</text:span>')
            elif note:
                block = left.pop(0)
                style = self.paragraph_style(block, "Footnote")
                parts.append(
                    f'<text:note text:id="ftn{block["id"]}" text:note-class="footnote"><text:note-citation>'
                    f'{block["number"]}</text:note-citation><text:note-body><text:p text:style-name="{style}">'
                    f"{self.text(note)}</text:p></text:note-body></text:note>"
                )
            else:
                parts.append(self.text(label))
            end = match.end()
        return "".join([*parts, self._escape(raw[end:])])

    @staticmethod
    def _escape(text: str) -> str:
        return escape(text).replace("\t", "<text:tab/>").replace("\n", "<text:line-break/>")

    def one(self, block: Block) -> str:
        kind = block["type"]
        if kind == "title":
            return self.paragraph(block, "Title")
        if kind in HEADING_STYLES:
            match = NUMBERED.match(block["text"]) if self.document.options.get("numbered") else None
            text = match.group(2) if match else block["text"]
            style = self.paragraph_style(block, HEADING_STYLES[kind])
            return f'<text:h text:style-name="{style}" text:outline-level="{kind[1]}">{self.text(text)}</text:h>'
        if kind == "p":
            return self.paragraph(block, block.get("style", "Text_20_body"))
        if kind == "caption":
            return self.paragraph(block, "Caption")
        if kind in ("ul", "ol"):
            return self._list(block, block["items"], block.get("style", "Bullets" if kind == "ul" else "Numbers"))
        if kind == "kv":
            style = self.paragraph_style(block, block.get("style", "Pair"))
            text = self.text(f"{block['label']}\t{block['value']}")
            return f'<text:p text:style-name="{style}">{text}</text:p>'
        if kind == "image":
            style = self.paragraph_style(block, "Figure")
            return f'<text:p text:style-name="{style}">{self.picture(block)}</text:p>'
        if kind == "table":
            return self._table(block)
        raise ValueError(kind)

    def paragraph(self, block: Block, parent: str, properties: str = "") -> str:
        style = self.paragraph_style(block, parent, properties)
        return f'<text:p text:style-name="{style}">{self.text(block["text"], block.get("notes"))}</text:p>'

    def _list(self, block: Block, items: list[Any], style: str, depth: int = 1) -> str:
        name = f'text:style-name="{style}"' if depth == 1 else ""
        parts = [f"<text:list {name}>"]
        for item in items:
            own, under = (item, []) if isinstance(item, str) else item
            paragraph = self.paragraph_style(block, "List")
            parts.append(f'<text:list-item><text:p text:style-name="{paragraph}">{self.text(own)}</text:p>')
            parts.append(self._list(block, under, style, depth + 1) if under else "")
            parts.append("</text:list-item>")
        return "".join([*parts, "</text:list>"])

    def picture(self, block: Block, place: str = 'text:anchor-type="as-char"') -> str:
        name, width, height = block["picture"], block["width"], block["height"]
        if self.twin:
            data, kind = pictures.plain(colour(block["id"]), width, height), "image/png"
        elif pictures.is_chart(name):
            data, kind = pictures.svg(name, width, height).encode(), "image/svg+xml"
        else:
            data, kind = pictures.photo(name, width, height), "image/jpeg"
        return (
            f'<draw:frame draw:name="picture{block["id"]}" {place} svg:width="{width}mm" svg:height="{height}mm">'
            f'<draw:image draw:mime-type="{kind}"><office:binary-data>{base64.b64encode(data).decode()}'
            "</office:binary-data></draw:image></draw:frame>"
        )

    def _table(self, block: Block) -> str:
        rows, spans, name = block["rows"], block.get("spans", {}), f"T{block['id']}"
        widths = block["widths"]  # millimetres
        covered = {
            (y + dy, x + dx) for (y, x), (h, w) in spans.items() for dy in range(h) for dx in range(w) if dy or dx
        }
        line = self.rgb(block) if self.twin else "#333333"
        fill = f'fo:background-color="{self.rgb(block)}"' if self.twin else ""
        shade = fill or 'fo:background-color="#e6ebef"'
        border = f'fo:border="0.5pt solid {line}"' if block.get("rules", "grid") == "grid" else 'fo:border="none"'
        pad = f'fo:padding="{block.get("padding", 1.1)}mm"'
        cell = '<style:style style:name="{}" style:family="table-cell">{}</style:style>'
        align = block.get("align", "left")
        self.styles[name] = (
            f'<style:style style:name="{name}" style:family="table"><style:table-properties style:width="{sum(widths)}'
            f'mm" table:align="{align}" fo:margin-top="2mm" fo:margin-bottom="3mm" '
            f'style:may-break-between-rows="{block.get("breaks", "true")}"/></style:style>'
            + cell.format(f"{name}c", self._cell_properties(f"{border} {pad} {fill}"))
            + cell.format(f"{name}h", self._cell_properties(f"{border} {pad} {shade}"))
            + "".join(
                f'<style:style style:name="{name}.{x}" style:family="table-column"><style:table-column-properties '
                f'style:column-width="{width}mm"/></style:style>'
                for x, width in enumerate(widths)
            )
            + f'<style:style style:name="{name}r" style:family="table-row"><style:table-row-properties '
            'fo:keep-together="always"/></style:style>'
        )
        parts = [f'<table:table table:name="{name}" table:style-name="{name}">']
        parts += [f'<table:table-column table:style-name="{name}.{x}"/>' for x in range(len(widths))]
        head = block.get("header", 1)
        wrap = head and not self.presentation
        for y, row in enumerate(rows):
            parts.append("<table:table-header-rows>" if y == 0 and wrap else "")
            parts.append(f'<table:table-row table:style-name="{name}r">')
            for x, value in enumerate(row):
                if (y, x) in covered:
                    parts.append("<table:covered-table-cell/>")
                    continue
                high, wide = spans.get((y, x), (1, 1))
                span = f'table:number-rows-spanned="{high}"' if high > 1 else ""
                span += f' table:number-columns-spanned="{wide}"' if wide > 1 else ""
                style = f"{name}{'h' if y < head else 'c'}"
                parent = "Table_20_Heading" if y < head or x in block.get("bold", ()) else "Table_20_Contents"
                right = 'fo:text-align="end"' if x in block.get("right", ()) and y >= head else ""
                lines = [
                    f'<text:p text:style-name="{self.paragraph_style(block, parent, right)}">{self.text(line)}</text:p>'
                    for line in value.split("\\")
                ]
                parts.append(f'<table:table-cell table:style-name="{style}" {span}>{"".join(lines)}</table:table-cell>')
            parts.append("</table:table-row>" + ("</table:table-header-rows>" if wrap and y == head - 1 else ""))
        return "".join([*parts, "</table:table>"])

    def _cell_properties(self, properties: str) -> str:
        if not self.presentation:
            return f'<style:table-cell-properties {properties} style:vertical-align="middle"/>'
        own = dict(ATTRIBUTE.findall(properties))
        shade = own.get("fo:background-color")
        fill = f'draw:fill="solid" draw:fill-color="{shade}"' if shade else 'draw:fill="none"'
        return (
            f'<style:graphic-properties {fill} fo:padding="2mm" draw:textarea-vertical-align="middle"/>'
            f'<style:paragraph-properties fo:border="{own["fo:border"]}"/>'
        )

    def boxed(self, pairs: list[Block], columns: int, widths: tuple[float, float]) -> str:
        """Label/value pairs as a form: borderless labels beside bordered values; widths in millimetres."""
        name = f"Form{pairs[0]['id']}"
        border = 'fo:border="0.6pt solid #444444"'
        self.styles[name] = (
            f'<style:style style:name="{name}" style:family="table"><style:table-properties style:width="'
            f'{columns * sum(widths)}mm" table:align="left" fo:margin-bottom="3mm"/></style:style>'
            f'<style:style style:name="{name}l" style:family="table-cell"><style:table-cell-properties '
            'fo:padding="1.2mm" fo:border="none" style:vertical-align="middle"/></style:style>'
            f'<style:style style:name="{name}v" style:family="table-cell"><style:table-cell-properties '
            f'fo:padding="1.2mm" {border} style:vertical-align="middle"/></style:style>'
            f'<style:style style:name="{name}r" style:family="table-row"><style:table-row-properties '
            'style:min-row-height="8mm"/></style:style>'
        )
        parts = [f'<table:table table:name="{name}" table:style-name="{name}">']
        for x in range(2 * columns):
            self.styles[f"{name}.{x}"] = (
                f'<style:style style:name="{name}.{x}" style:family="table-column"><style:table-column-properties '
                f'style:column-width="{widths[x % 2]}mm"/></style:style>'
            )
            parts.append(f'<table:table-column table:style-name="{name}.{x}"/>')
        for start in range(0, len(pairs), columns):
            parts.append(f'<table:table-row table:style-name="{name}r">')
            for block in pairs[start : start + columns]:
                for key, letter, parent in (("label", "l", "Label"), ("value", "v", "Table_20_Contents")):
                    style = self.paragraph_style(block, parent)
                    parts.append(
                        f'<table:table-cell table:style-name="{name}{letter}"><text:p text:style-name="{style}">'
                        f"{self.text(block[key])}</text:p></table:table-cell>"
                    )
            parts.append("</table:table-row>")
        return "".join([*parts, "</table:table>"])

    def section(self, content: str, columns: int, gap: float = 6) -> str:
        """A section of balanced columns, the gap between them in millimetres."""
        name = f"Columns{len(self.styles)}"
        self.styles[name] = (
            f'<style:style style:name="{name}" style:family="section"><style:section-properties '
            f'text:dont-balance-text-columns="false"><style:columns fo:column-count="{columns}" '
            f'fo:column-gap="{gap}mm"/></style:section-properties></style:style>'
        )
        return f'<text:section text:style-name="{name}" text:name="{name}">{content}</text:section>'

    def font(self, size: str, weight: str = "normal", family: str | None = None) -> str:
        family = family or self.document.options.get("font", "Liberation Serif")
        asian = self.document.options.get("asian", "Noto Serif CJK SC")
        return (
            f'style:font-name="{family}" fo:font-family="{family}" fo:font-size="{size}" fo:font-weight="{weight}" '
            f'style:font-name-asian="{asian}" style:font-family-asian="{asian}" style:font-size-asian="{size}" '
            f'style:font-weight-asian="{weight}"'
        )

    def writer(self, body: str) -> tuple[str, str, str]:
        """The whole flat file, its extension and the export filter's name."""
        options = self.document.options
        heading = options.get("heading_font", "Liberation Sans")
        size = options.get("size", 11)
        country = {"en": "GB", "de": "DE", "zh": "CN"}[self.document.lang]
        language = f'fo:language="{self.document.lang}" fo:country="{country}"'
        if self.document.lang == "zh":
            language = 'style:language-asian="zh" style:country-asian="CN"'
        hyphenate = 'fo:hyphenate="true" fo:hyphenation-remain-char-count="2" fo:hyphenation-push-char-count="2"'

        def style(name: str, text: str, paragraph: str, parent: str = "Standard") -> str:
            base = "" if name == "Standard" else f'style:parent-style-name="{parent}"'
            tabs = ""
            if name == "Pair":
                stop = f'<style:tab-stop style:position="{options.get("tab", "45mm")}"/>'
                tabs = f"<style:tab-stops>{stop}</style:tab-stops>"
            return (
                f'<style:style style:name="{name}" style:family="paragraph" {base}><style:paragraph-properties '
                f"{paragraph}>{tabs}</style:paragraph-properties><style:text-properties {text}/></style:style>"
            )

        justify = options.get("align", "start")
        styles = [
            style("Standard", f"{self.font(f'{size}pt')} {language}", 'fo:line-height="115%"'),
            style("Text_20_body", hyphenate, f'fo:margin-bottom="2.2mm" fo:text-align="{justify}" fo:orphans="2" '
                  'fo:widows="2"'),
            style("Plain", "", 'fo:margin-bottom="0mm"'),
            style("Right", "", 'fo:text-align="end" fo:margin-bottom="0mm"'),
            style("Centre", "", 'fo:text-align="center" fo:margin-bottom="2mm"'),
            style("Small", f'fo:font-size="{size - 2.5}pt" style:font-size-asian="{size - 2.5}pt"',
                  'fo:margin-bottom="1mm"'),
            style("Lead", 'fo:font-style="italic" fo:font-size="13pt"', 'fo:margin-bottom="4mm"'),
            style("Title", self.font(options.get("title_size", "20pt"), "bold", heading),
                  f'fo:margin-bottom="4mm" fo:text-align="{options.get("title_align", "start")}"'),
            style("Heading_20_1", self.font("14pt", "bold", heading),
                  'fo:margin-top="5mm" fo:margin-bottom="2mm" fo:keep-with-next="always"'),
            style("Heading_20_2", self.font("12pt", "bold", heading),
                  'fo:margin-top="4mm" fo:margin-bottom="1.5mm" fo:keep-with-next="always"'),
            style("Heading_20_3", self.font("11pt", "bold", heading) + ' fo:font-style="italic"',
                  'fo:margin-top="3mm" fo:margin-bottom="1mm" fo:keep-with-next="always"'),
            style("List", hyphenate, 'fo:margin-bottom="1mm"'),
            style("Pair", "", 'fo:margin-bottom="0.8mm"'),
            style("Label", 'fo:color="#333333"', ""),
            style("Caption", 'fo:font-style="italic" fo:font-size="9.5pt"', 'fo:margin-bottom="3mm"'),
            style("Figure", "", 'fo:margin-top="2mm" fo:margin-bottom="1mm" fo:keep-with-next="always"'),
            style("Footnote", 'fo:font-size="9pt"', 'fo:margin-left="4mm" fo:text-indent="-4mm"'),
            style("Table_20_Contents", f'fo:font-size="{size - 1}pt"', 'fo:line-height="105%"'),
            style("Table_20_Heading", 'fo:font-weight="bold" style:font-weight-asian="bold"', "", "Table_20_Contents"),
            style("Header", 'fo:font-size="9pt" fo:color="#555555"', ""),
        ]  # fmt: skip
        numbers = "".join(
            f'<text:outline-level-style text:level="{level}" style:num-format="1" text:display-levels="{level}" '
            'style:num-suffix=" "><style:list-level-properties text:list-level-position-and-space-mode='
            '"label-alignment"><style:list-level-label-alignment text:label-followed-by="space"/>'
            "</style:list-level-properties></text:outline-level-style>"
            for level in (1, 2, 3)
        )
        outline = f'<text:outline-style style:name="Outline">{numbers}</text:outline-style>'
        defaults = (
            '<style:default-style style:family="paragraph"><style:text-properties '
            f"{self.font(f'{size}pt')} {language}/></style:default-style>"
        )
        lists = _list_style("Bullets", "•–") + _list_style("Numbers", "1a") + _list_style("Letters", "a1")
        width, height = options.get("page", (210, 297))  # millimetres
        margin = options.get("margin", 24)
        pages = _page_layout("upright", width, height, margin, options) + _page_layout(
            "across", height, width, margin, options
        )
        masters = "".join(
            f'<style:master-page style:name="{name}" style:page-layout-name="{layout}">{_furniture(options)}'
            "</style:master-page>"
            for name, layout in (("Standard", "upright"), ("Landscape", "across"))
        )
        notes = (
            '<text:notes-configuration text:note-class="footnote" style:num-format="1" text:start-value="0" '
            'text:start-numbering-at="document" '
            'text:footnotes-position="page"/>'
        )
        source = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document {NAMESPACES} office:version="1.3" '
            'office:mimetype="application/vnd.oasis.opendocument.text">'
            f"<office:styles>{defaults}{''.join(styles)}{outline if options.get('numbered') else ''}{notes}"
            f"</office:styles><office:automatic-styles>{''.join(self.styles.values())}{lists}{pages}"
            f"</office:automatic-styles><office:master-styles>{masters}</office:master-styles>"
            f"<office:body><office:text>{body}</office:text></office:body></office:document>"
        )
        return source, ".fodt", "writer"

    def impress(self, pages: str) -> tuple[str, str, str]:
        """The flat file of a presentation, 280 × 210 mm."""
        graphics = "".join(
            f'<style:style style:name="gr-{name}" style:family="graphic"><style:graphic-properties draw:stroke="none" '
            f'draw:fill="none" draw:textarea-vertical-align="{align}" draw:auto-grow-height="false" '
            'fo:padding="1mm" fo:wrap-option="wrap"/></style:style>'
            for name, align in (("title", "middle"), ("text", "top"))
        )
        layout = (
            '<style:page-layout style:name="PM"><style:page-layout-properties fo:margin="0mm" fo:page-width="280mm" '
            'fo:page-height="210mm" style:print-orientation="landscape"/></style:page-layout>'
            '<style:style style:name="dp" style:family="drawing-page"><style:drawing-page-properties '
            'draw:background-size="border" draw:fill="none"/></style:style>'
        )
        master = '<style:master-page style:name="Default" style:page-layout-name="PM" draw:style-name="dp"/>'
        lists = _list_style("Bullets", "•–", slide=True) + _list_style("Numbers", "1a", slide=True)
        source = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document {NAMESPACES} office:version="1.3" '
            'office:mimetype="application/vnd.oasis.opendocument.presentation">'
            f"<office:styles/><office:automatic-styles>{''.join(self.styles.values())}{graphics}"
            f"{lists}{layout}</office:automatic-styles><office:master-styles>{master}</office:master-styles>"
            f"<office:body><office:presentation>{pages}</office:presentation></office:body></office:document>"
        )
        return source, ".fodp", "impress"


def _list_style(name: str, signs: str, *, slide: bool = False) -> str:
    levels = []
    for level, sign in enumerate((signs * 2)[:4], 1):
        space = (
            '<style:list-level-properties text:list-level-position-and-space-mode="label-alignment">'
            f'<style:list-level-label-alignment text:label-followed-by="listtab" fo:text-indent="-6mm" '
            f'fo:margin-left="{6 * level}mm"/></style:list-level-properties>'
        )
        if slide:
            width = f'text:space-before="{11 * (level - 1)}mm" text:min-label-width="10mm"'
            space = f'<style:list-level-properties {width}/><style:text-properties fo:font-size="100%"/>'
        if sign in "1a":
            suffix = "." if sign == "1" else ")"
            start = f'<text:list-level-style-number text:level="{level}" style:num-format="{sign}" style:num-suffix="'
            levels.append(f'{start}{suffix}">{space}</text:list-level-style-number>')
        else:
            start = f'<text:list-level-style-bullet text:level="{level}" text:bullet-char="{sign}">'
            levels.append(f"{start}{space}</text:list-level-style-bullet>")
    return f'<text:list-style style:name="{name}">{"".join(levels)}</text:list-style>'


def _page_layout(name: str, width: float, height: float, margin: float, options: dict[str, Any]) -> str:
    space = 'fo:min-height="8mm" fo:margin-{}="4mm"'
    header = f"<style:header-style><style:header-footer-properties {space.format('bottom')}/></style:header-style>"
    footer = f"<style:footer-style><style:header-footer-properties {space.format('top')}/></style:footer-style>"
    orientation = "landscape" if width > height else "portrait"
    return (
        f'<style:page-layout style:name="{name}"><style:page-layout-properties fo:page-width="{width}mm" '
        f'fo:page-height="{height}mm" style:print-orientation="{orientation}" fo:margin="{margin}mm" '
        f'fo:margin-top="{margin - 6}mm" fo:margin-bottom="{margin - 6}mm"/>'
        f"{header if options.get('header') else ''}{footer if options.get('footer') else ''}</style:page-layout>"
    )


def _furniture(options: dict[str, Any]) -> str:
    parts = []
    for key in ("header", "footer"):
        if options.get(key):
            text = escape(options[key]).replace("{page}", "<text:page-number>1</text:page-number>")
            text = text.replace("{pages}", "<text:page-count>1</text:page-count>")
            parts.append(f'<style:{key}><text:p text:style-name="Header">{text}</text:p></style:{key}>')
    return "".join(parts)


def flow(s: Setter) -> tuple[str, str, str]:
    """One column, everything in order."""
    return s.writer(s.all())


def form(s: Setter) -> tuple[str, str, str]:
    """Label/value pairs are boxed, in two columns where marked so (columns=2)."""
    parts: list[str] = []
    run: list[Block] = []
    for block in [*s.area(), None]:
        if block is not None and block["type"] == "kv" and (not run or run[0].get("columns") == block.get("columns")):
            run.append(block)
            continue
        if run:
            columns = run[0].get("columns", 1)
            parts.append(s.boxed(run, columns, (30, 50) if columns == 2 else (48, 112)))
            run = []
        if block is not None:
            if block["type"] == "kv":
                run = [block]
            else:
                parts.append(s.one(block))
    return s.writer("".join(parts))


def newsletter(s: Setter) -> tuple[str, str, str]:
    """A headline over three columns, and a second story below in columns of its own."""
    parts = [s.all("head"), s.section(s.all("first"), 3)]
    parts += [s.all("head2"), s.section(s.all("second"), 3)]
    return s.writer("".join(parts))


def slides(s: Setter) -> tuple[str, str, str]:
    """Impress, 4 : 3; the areas are the numbers of the slides. A picture stands at the right of the text."""
    number = 1 + max(block["at"] for block in s.blocks)
    pages = []
    for at in range(number):
        blocks = s.area(at)
        head, rest = blocks[0], blocks[1:]
        first = head["type"] == "title"
        pictured = any(block["type"] == "image" for block in rest)
        frames = []
        style = s.paragraph_style(
            head, "Slide_20_title", 'fo:text-align="center"' if first else "", 'fo:font-size="40pt"' if first else ""
        )
        text = f'<text:p text:style-name="{style}">{s.text(head["text"])}</text:p>'
        frames.append(_frame(text, 20, 60 if first else 14, 240, 40 if first else 22, "title"))
        y = 105 if first else 46
        for block in rest:
            if block["type"] == "image":
                place = f'draw:layer="layout" svg:x="{260 - block["width"]}mm" svg:y="52mm"'
                frames.append(s.picture(block, place))
            elif block["type"] == "table":
                place = 'draw:layer="layout" svg:x="22mm" svg:y="50mm"'
                size = f'svg:width="{sum(block["widths"])}mm" svg:height="80mm"'
                frames.append(f"<draw:frame {place} {size}>{s.one(block)}</draw:frame>")
            elif block["type"] == "p":
                frames.append(
                    _frame(
                        s.paragraph(block, "Slide_20_subtitle", 'fo:text-align="center"' if first else ""),
                        20,
                        y,
                        240,
                        14,
                        "text",
                    )
                )
                y += 18
            else:
                frames.append(_frame(s.one(block), 20, y, 125 if pictured else 240, 120, "text"))
        s.styles["SlideFooter"] = (
            '<style:style style:name="SlideFooter" style:family="paragraph"><style:text-properties '
            f"{SLIDE_FONT} {SLIDE_STYLES['Slide_20_footer']}/></style:style>"
        )
        footer = f'<text:p text:style-name="SlideFooter">{escape(s.document.options["footer"])}</text:p>'
        frames.append(_frame(footer, 20, 196, 100, 8, "text"))
        count = f'<text:p text:style-name="SlideFooter">{at + 1}</text:p>'
        frames.append(_frame(count, 240, 196, 20, 8, "text"))
        name = f'draw:name="page{at + 1}" draw:style-name="dp" draw:master-page-name="Default"'
        pages.append(f"<draw:page {name}>{''.join(frames)}</draw:page>")
    return s.impress("".join(pages))


def _frame(content: str, x: float, y: float, width: float, height: float, style: str) -> str:
    place = f'svg:x="{x}mm" svg:y="{y}mm" svg:width="{width}mm" svg:height="{height}mm"'
    return (
        f'<draw:frame draw:style-name="gr-{style}" draw:layer="layout" {place}><draw:text-box>{content}'
        "</draw:text-box></draw:frame>"
    )


LAYOUTS: dict[str, Callable[[Setter], tuple[str, str, str]]] = {
    "flow": flow,
    "form": form,
    "newsletter": newsletter,
    "slides": slides,
}
