"""Documents set by Chromium from HTML. The twin is the same page with a style sheet more."""

import base64
import html
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.quality.content.model import MARKUP, Block, Document
from benchmarks.quality.typeset import call, pictures
from benchmarks.quality.typeset.twin import colour

TAGS = {"title": "h1", "h1": "h2", "h2": "h3", "h3": "h4", "p": "p", "caption": "p", "code": "pre"}
BASE = """
* { box-sizing: border-box; -webkit-print-color-adjust: exact; print-color-adjust: exact }
body { margin: 0; font: 10.5pt/1.45 'Liberation Sans', 'Noto Sans CJK SC', sans-serif; color: #1b1b1b; hyphens: auto }
h1, h2, h3, h4 { line-height: 1.2; break-after: avoid; hyphens: none }
img, svg { display: block; break-inside: avoid }
table { border-collapse: collapse }
td, th { padding: 1.2mm 2mm; text-align: left; vertical-align: top; hyphens: none }
pre { font: 9pt/1.4 'Liberation Mono', monospace; white-space: pre-wrap }
.caption { font-size: 9pt; color: #444 }
"""


def make(document: Document, blocks: list[Block], target: Path, *, twin: bool) -> None:
    """Sets the document as target."""
    setter = Setter(document, blocks)
    style, body = LAYOUTS[document.layout](setter)
    over = _twin_style(blocks) if twin else ""
    source = target.with_suffix(".html")
    source.write_text(
        f'<!DOCTYPE html><html lang="{document.lang}"><meta charset="utf-8"><title>{html.escape(document.name)}</title>'
        f"<style>{BASE}{style}{over}</style><body>{body}</body></html>",
        encoding="utf-8",
    )
    with tempfile.TemporaryDirectory() as profile:
        flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={profile}")
        call("chromium", *flags, f"--print-to-pdf={target}", source.as_uri(), cwd=target.parent, env=dict(os.environ))


def _twin_style(blocks: list[Block]) -> str:
    rules = [
        "*, *::before, *::after, *::marker { color: #fff !important; background: #fff !important;"
        "border-color: transparent !important; box-shadow: none !important; text-decoration-color: transparent }"
        "body, body * { background: none !important } svg.picture * { visibility: hidden }"
    ]
    for block in blocks:
        rgb = "rgb({}, {}, {})".format(*colour(block["id"]))
        name = f"#b{block['id']}"
        rules.append(f"{name}, {name} *, {name}::marker, {name} *::marker {{ color: {rgb} !important }}")
        if block["type"] in ("image", "table"):
            rules.append(f"{name} {{ background: {rgb} !important; object-position: -9999px -9999px }}")
    return "\n".join(rules)


class Setter:
    """Turns blocks into HTML elements whose id is b and the block's number."""

    def __init__(self, document: Document, blocks: list[Block]) -> None:
        self.document, self.blocks = document, blocks

    def area(self, at: str | int | None = None) -> list[Block]:
        return [block for block in self.blocks if block.get("at") == at]

    def all(self, at: str | None = None) -> str:
        return "\n".join(self.one(block) for block in self.area(at))

    def text(self, raw: str) -> str:
        parts, end = [], 0
        for match in MARKUP.finditer(raw):
            parts.append(html.escape(raw[end : match.start()]))
            bold, italic, label, url, _ = match.groups()
            if bold:
                parts.append(f"<b>{self.text(bold)}</b>")
            elif italic:
                parts.append(f"<i>{self.text(italic)}</i>")
            else:
                parts.append(f'<a href="{html.escape(url)}">{self.text(label)}</a>')
            end = match.end()
        return "".join([*parts, html.escape(raw[end:])])

    def one(self, block: Block) -> str:
        kind = block["type"]
        own = f'id="b{block["id"]}" class="{kind} {block.get("style", "")}"'
        if kind in TAGS:
            return f"<{TAGS[kind]} {own}>{self.text(block['text'])}</{TAGS[kind]}>"
        if kind in ("ul", "ol"):
            return self._list(block["items"], kind, own)
        if kind == "table":
            return self._table(block, own)
        if kind == "image":
            return self._image(block, own)
        if kind == "kv":
            label, value = self.text(block["label"]), self.text(block["value"])
            return f'<div {own}><span class="label">{label}</span> <span class="value">{value}</span></div>'
        raise ValueError(kind)

    def _list(self, items: list[Any], kind: str, own: str = "") -> str:
        parts = []
        for item in items:
            text, under = (item, []) if isinstance(item, str) else item
            parts.append(f"<li>{self.text(text)}{self._list(under, kind) if under else ''}</li>")
        return f"<{kind} {own}>{''.join(parts)}</{kind}>"

    def _table(self, block: Block, own: str) -> str:
        rows, spans = block["rows"], block.get("spans", {})
        covered = {
            (y + dy, x + dx) for (y, x), (h, w) in spans.items() for dy in range(h) for dx in range(w) if dy or dx
        }
        parts = [f"<table {own}>"]
        for y, row in enumerate(rows):
            head = y < block.get("header", 1)
            parts.append("<thead>" if head and y == 0 else "<tbody>" if y == block.get("header", 1) else "")
            cells = []
            for x, cell in enumerate(row):
                if (y, x) in covered:
                    continue
                high, wide = spans.get((y, x), (1, 1))
                tag = "th" if head else "td"
                span = (f' rowspan="{high}"' if high > 1 else "") + (f' colspan="{wide}"' if wide > 1 else "")
                right = ' style="text-align: right"' if x in block.get("right", ()) else ""
                cells.append(f"<{tag}{span}{right}>{'<br>'.join(map(self.text, cell.split(chr(92))))}</{tag}>")
            parts.append(f"<tr>{''.join(cells)}</tr>" + ("</thead>" if y == block.get("header", 1) - 1 else ""))
        return "".join([*parts, "</tbody></table>"])

    def _image(self, block: Block, own: str) -> str:
        name, width, height = block["picture"], block["width"], block["height"]
        if pictures.is_chart(name):
            return pictures.svg(name, width, height, own.replace('class="', 'class="picture '))
        data = base64.b64encode(pictures.photo(name, width, height)).decode()
        return f'<img {own} src="data:image/jpeg;base64,{data}" style="width: {width}mm; height: {height}mm">'


def invoice(s: Setter) -> tuple[str, str]:
    """Unruled items, totals as pairs at the right."""
    style = """
    @page {
        size: A4;
        margin: 20mm 20mm 25mm;
        @bottom-center { content: 'Page ' counter(page) ' of ' counter(pages); font: 8pt 'Liberation Sans' }
    }
    .head { display: flex; justify-content: space-between; margin-bottom: 12mm }
    .head p { margin: 0; }
    h1 { font-size: 22pt; margin: 0 0 2mm; color: #274156; font-weight: 600 }
    .parties { display: flex; gap: 18mm; margin-bottom: 10mm }
    .parties > div { flex: 1 }
    .parties p { margin: 0 }
    h3 { font-size: 9pt; text-transform: none; color: #777; margin: 0 0 1mm }
    .kv { display: flex; justify-content: space-between }
    .kv .label { color: #666 }
    table { width: 100%; margin-bottom: 5mm }
    th { font-size: 9pt; color: #777; font-weight: 600 }
    .totals { margin-left: auto; width: 70mm }
    .totals .kv { padding: 0.8mm 2mm }
    .totals .strong { font-weight: bold }
    .close { margin-top: 12mm }
    .close p { margin: 0 0 2mm }
    """
    body = f"""<div class="head"><div>{s.all("title")}</div><div style="text-align: right">{s.all("sender")}</div></div>
    <div class="parties"><div>{s.all("to")}</div><div>{s.all("data")}</div></div>
    {s.all("items")}<div class="totals">{s.all("totals")}</div><div class="close">{s.all()}</div>"""
    return style, body


def magazine(s: Setter) -> tuple[str, str]:
    """A headline over two justified columns, with pictures inside of them."""
    style = """
    @page {
        size: A4;
        margin: 22mm 18mm 20mm;
        @top-left { content: 'The Towpath Quarterly'; font: italic 9pt 'Liberation Serif' }
        @top-right { content: 'Autumn issue'; font: italic 9pt 'Liberation Serif' }
        @bottom-center { content: counter(page); font: 9pt 'Liberation Serif' }
    }
    body { font: 10.5pt/1.4 'Liberation Serif', serif; text-align: justify }
    h1 { font-size: 30pt; margin: 0 0 2mm; text-align: left }
    .lead { font-size: 13pt; font-style: italic; margin: 0 0 6mm }
    .columns { columns: 2; column-gap: 8mm }
    .columns p { margin: 0; text-indent: 4mm }
    .columns h2 + p, .columns p.first { text-indent: 0 }
    h2 { font-size: 13pt; margin: 4mm 0 1.5mm; text-align: left }
    .columns .caption { text-indent: 0; margin: 1mm 0 4mm; text-align: left; font-family: 'Liberation Sans' }
    .columns img, .columns svg { margin: 3mm 0 0 }
    figure { margin: 0; break-inside: avoid }
    """
    return style, f'{s.all("head")}<div class="columns">{figures(s, s.area())}</div>'


def figures(s: Setter, blocks: list[Block]) -> str:
    """A picture and the caption after it stay together."""
    parts, i = [], 0
    while i < len(blocks):
        if blocks[i]["type"] in ("image", "table") and blocks[i + 1 : i + 2] and blocks[i + 1]["type"] == "caption":
            parts.append(f"<figure>{s.one(blocks[i])}{s.one(blocks[i + 1])}</figure>")
            i += 2
        else:
            parts.append(s.one(blocks[i]))
            i += 1
    return "\n".join(parts)


def article(s: Setter) -> tuple[str, str]:
    """A printed web article with links and code."""
    style = """
    @page {
        size: A4;
        margin: 18mm 22mm 20mm;
        @bottom-right { content: counter(page) '/' counter(pages); font: 8pt 'Liberation Sans'; color: #888 }
    }
    body { font-size: 11pt; line-height: 1.55; hyphens: manual }
    a { color: #0b57a4 }
    h1 { font-size: 23pt; margin: 0 0 2mm }
    h2 { font-size: 15pt; margin: 7mm 0 2mm }
    p, ul, ol { margin: 0 0 3.2mm }
    .meta { color: #777; font-size: 9.5pt }
    tr, table { break-inside: avoid }
    pre { background: #f2f3f5; border: 1px solid #dcdfe3; border-radius: 2mm; padding: 3mm 4mm; break-inside: avoid }
    table { margin: 0 0 4mm }
    th { border-bottom: 0.4mm solid #444 }
    td { border-bottom: 0.2mm solid #ccc }
    figure { margin: 4mm 0; break-inside: avoid }
    """
    return style, figures(s, s.area())


def form(s: Setter) -> tuple[str, str]:
    """Labels over boxed values in rows of fields; `wide` is a field's share of twelve columns."""
    style = """
    @page {
        size: A4;
        margin: 18mm 20mm;
        @bottom-left { content: 'Formular 14-B, Fassung 2/2023'; font: 7.5pt 'Liberation Sans'; color: #666 }
        @bottom-right { content: counter(page) ' / ' counter(pages); font: 7.5pt 'Liberation Sans'; color: #666 }
    }
    body { font-size: 10pt; padding-right: 0.5mm }
    h1 { font-size: 17pt; margin: 0 0 2mm }
    h2 { font-size: 11pt; background: #dfe6ea; padding: 1.5mm 2.5mm; margin: 5mm 0 3mm }
    .fields { display: grid; grid-template-columns: repeat(12, 1fr); gap: 3mm 4mm }
    .kv .label { display: block; font-size: 8pt; color: #333; margin-bottom: 0.6mm }
    .kv .value { display: block; border: 0.3mm solid #333; padding: 1.4mm 2mm; min-height: 7.6mm; background: #fff }
    p { margin: 0 0 2mm }
    ul { margin: 0 0 2mm; padding-left: 5mm }
    """
    parts, fields = [], []
    for block in [*s.area(), None]:
        if block is not None and block["type"] == "kv":
            fields.append(f'<div style="grid-column: span {block.get("wide", 12)}">{s.one(block)}</div>')
            continue
        if fields:
            parts.append(f'<div class="fields">{"".join(fields)}</div>')
            fields = []
        if block is not None:
            parts.append(s.one(block))
    return style, "\n".join(parts)


def recipe(s: Setter) -> tuple[str, str]:
    """The ingredients stand in a tinted column beside the steps."""
    style = """
    @page { size: A4; margin: 0 }
    body { font: 10.5pt/1.45 'Linux Libertine O', 'Liberation Serif', serif }
    .top { padding: 18mm 20mm 6mm }
    h1 { font-size: 28pt; margin: 0 0 1mm; font-weight: 600 }
    .lead { font-style: italic; font-size: 12.5pt; margin: 0; color: #555 }
    .photo { padding: 0 20mm }
    .photo .caption { margin: 1mm 0 0 }
    .body { display: flex; gap: 9mm; padding: 7mm 20mm }
    aside { width: 58mm; background: #f3ece0; padding: 4mm 5mm; font-size: 10.5pt }
    main { flex: 1 }
    h2 { font-size: 14pt; margin: 0 0 2mm }
    h3 { font-size: 11pt; margin: 3mm 0 1mm }
    ul, ol { margin: 0; padding-left: 5mm }
    ol li { margin-bottom: 2mm }
    p { margin: 0 0 2.5mm }
    .kv { margin: 0 0 1mm }
    .kv .label { font-weight: 600 }
    """
    body = f"""<div class="top">{s.all("head")}</div><div class="photo">{s.all("photo")}</div>
    <div class="body"><aside>{s.all("aside")}</aside><main>{s.all()}</main></div>"""
    return style, body


def datasheet(s: Setter) -> tuple[str, str]:
    """A product sheet: dark headings, a zebra table without rules, a chart."""
    style = """
    @page {
        size: A4;
        margin: 24mm 18mm 20mm;
        @top-left { content: 'VENTRA'; font: bold 11pt 'Liberation Sans'; color: #0a5c63 }
        @top-right { content: 'Product data sheet'; font: 9pt 'Liberation Sans'; color: #777 }
        @bottom-left { content: 'Subject to change without notice. Issue 05/2024'; font: 7.5pt 'Liberation Sans' }
        @bottom-right { content: counter(page); font: 8pt 'Liberation Sans' }
    }
    body { font-size: 9.5pt; hyphens: manual }
    h1 { font-size: 20pt; margin: 0 0 1mm; color: #0a5c63 }
    .lead { font-size: 11.5pt; color: #444; margin: 0 0 5mm }
    h2 { font-size: 11.5pt; color: #fff; background: #0a5c63; padding: 1.2mm 3mm; margin: 5mm 0 2.5mm }
    p { margin: 0 0 2mm }
    ul { margin: 0 0 2mm; padding-left: 5mm }
    .row { display: flex; gap: 8mm }
    .row > div { flex: 1 }
    table { width: 100% }
    tr:nth-child(even) td, th { background: #e8f1f1 }
    td { font-size: 9pt }
    figure { margin: 0; break-inside: avoid }
    .caption { margin: 1mm 0 0 }
    """
    body = f"""{s.all("head")}<div class="row"><div>{figures(s, s.area("left"))}</div><div>{figures(s, s.area("right"))}
    </div></div>{figures(s, s.area())}"""
    return style, body


def pricelist(s: Setter) -> tuple[str, str]:
    """Unruled tables one under the other in two columns, with headings between them."""
    style = """
    @page {
        size: A4;
        margin: 16mm 16mm 18mm;
        @bottom-center {
            content: 'Alle Preise in Euro einschließlich Mehrwertsteuer';
            font: italic 8pt 'Liberation Serif';
        }
    }
    body { font: 10.5pt/1.35 'Liberation Serif', serif }
    h1 { font-size: 26pt; text-align: center; margin: 0 0 1mm }
    .lead { text-align: center; font-style: italic; margin: 0 0 7mm }
    .columns { columns: 2; column-gap: 12mm }
    h2 { font-size: 13pt; margin: 0 0 1mm; color: #6b2d1a }
    section { break-inside: avoid; margin: 0 0 6mm }
    table { width: 100% }
    td { padding: 0.7mm 0 }
    p { margin: 0 0 1.5mm; font-size: 9.5pt }
    .columns + p { margin-top: 5mm }
    """
    parts: list[str] = []
    for block in s.area():
        if block["type"] == "h1":
            parts.append("</section><section>" if parts else "<section>")
        parts.append(s.one(block))
    return style, f'{s.all("head")}<div class="columns">{"".join(parts)}</section></div>{s.all("foot")}'


def cv(s: Setter) -> tuple[str, str]:
    """A dark side bar with contacts and skills, the career beside it."""
    style = """
    @page { size: A4; margin: 0 }
    body { font-size: 9.8pt; display: flex; min-height: 296mm; hyphens: manual }
    aside { width: 66mm; background: #24344a; color: #f4f6f8; padding: 18mm 8mm }
    main { flex: 1; padding: 18mm 14mm 10mm 12mm }
    h1 { font-size: 24pt; margin: 0 0 1mm }
    .lead { font-size: 12pt; color: #51617a; margin: 0 0 7mm }
    h2 {
        font-size: 12pt; text-transform: none; border-bottom: 0.4mm solid #24344a; padding-bottom: 1mm;
        margin: 6mm 0 3mm;
    }
    aside h2 { border-color: #8fa3bd }
    h3 { font-size: 10.5pt; margin: 3mm 0 0 }
    p { margin: 0 0 1.5mm }
    .when { color: #66748a; font-size: 9pt }
    ul { margin: 0 0 2mm; padding-left: 4.5mm }
    aside .kv { margin-bottom: 2mm }
    aside .kv .label { display: block; font-size: 8.5pt; color: #b9c6d8 }
    aside img { margin-bottom: 4mm }
    """
    return style, f"<aside>{s.all('aside')}</aside><main>{s.all()}</main>"


def slides(s: Setter) -> tuple[str, str]:
    """16 : 9; the areas are the numbers of the slides. A picture stands at the right."""
    style = """
    @page { size: 320mm 180mm; margin: 0 }
    body { font: 19pt/1.4 'Noto Sans', 'Liberation Sans'; hyphens: manual }
    section {
        width: 320mm; height: 179.5mm; padding: 16mm 22mm; break-after: page; position: relative;
        border-left: 6mm solid #b5412c;
    }
    section:last-child { break-after: auto }
    h1 { font-size: 40pt; margin: 42mm 0 6mm }
    h2 { font-size: 30pt; margin: 0 0 8mm; color: #b5412c }
    p, ul, ol { margin: 0 0 5mm }
    .caption { font-size: 12pt }
    .split { display: flex; gap: 10mm }
    .split > div { flex: 1 }
    table { font-size: 17pt; margin-bottom: 6mm }
    td, th { padding: 2mm 8mm 2mm 2mm; border-bottom: 0.3mm solid #bbb }
    footer {
        position: absolute; bottom: 6mm; left: 22mm; right: 22mm; display: flex; justify-content: space-between;
        font-size: 10pt; color: #888;
    }
    figure { margin: 0 }
    """
    parts = []
    for at in range(1 + max(block["at"] for block in s.blocks)):
        blocks = s.area(at)
        pictured = [b for b in blocks if b["type"] in ("image", "caption")]
        rest = [b for b in blocks[1:] if b not in pictured]
        inner = "".join(s.one(b) for b in rest)
        if pictured:
            inner = f'<div class="split"><div>{inner}</div>{figures(s, pictured)}</div>'
        footer = f"<footer><span>{html.escape(s.document.options['footer'])}</span><span>{at + 1}</span></footer>"
        parts.append(f"<section>{s.one(blocks[0])}{inner}{footer}</section>")
    return style, "".join(parts)


def news(s: Setter) -> tuple[str, str]:
    """A Chinese article as a news site prints it."""
    style = """
    @page {
        size: A4;
        margin: 20mm 24mm;
        @top-left { content: '江岸生活网'; font: 9pt 'Noto Sans CJK SC'; color: #888 }
        @bottom-center { content: '第 ' counter(page) ' 页'; font: 8.5pt 'Noto Sans CJK SC'; color: #888 }
    }
    body { font: 11pt/1.8 'AR PL SungtiL GB', 'Noto Serif CJK SC', serif }
    h1, h2 { font-family: 'Noto Sans CJK SC' }
    h1 { font-size: 21pt; margin: 0 0 2mm }
    h2 { font-size: 14pt; margin: 6mm 0 2mm }
    p { margin: 0 0 2.5mm; text-align: justify }
    p.p { text-indent: 2em }
    p.meta { text-indent: 0; color: #888; font-size: 9.5pt }
    .caption { text-align: center }
    figure { margin: 4mm 0; break-inside: avoid }
    table { margin: 2mm auto 4mm; width: 100%; break-inside: avoid }
    td, th { border: 0.25mm solid #999; font-size: 10pt }
    th { background: #f1f1ee }
    ul, ol { margin: 0 0 3mm }
    """
    return style, figures(s, s.area())


LAYOUTS: dict[str, Callable[[Setter], tuple[str, str]]] = {
    "invoice": invoice,
    "magazine": magazine,
    "article": article,
    "form": form,
    "recipe": recipe,
    "datasheet": datasheet,
    "pricelist": pricelist,
    "cv": cv,
    "slides": slides,
    "news": news,
}
