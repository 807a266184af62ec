r"""Documents set by LaTeX. Every block's text stands in the colour \color{bN}; only the definition of these colours
differs between the original and its twin, so that both have the same layout."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.quality.content.model import HEADINGS, MARKUP, NUMBERED, Block, Document
from benchmarks.quality.typeset import call, pictures
from benchmarks.quality.typeset.twin import colour

ESCAPES = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "€": r"\EUR{}",
    "−": r"\ensuremath{-}",
    "±": r"\ensuremath{\pm}",
    "×": r"\ensuremath{\times}",
    "≤": r"\ensuremath{\leq}",
    "≥": r"\ensuremath{\geq}",
    "Ω": r"\ensuremath{\Omega}",
    "³": r"{\fontfamily{bch}\selectfont\textthreesuperior}",
    "°": r"\textdegree{}",
    "µ": r"\textmu{}",
    "…": r"\dots{}",
}
COMMON = r"""
\usepackage{xcolor,graphicx,booktabs,longtable,array,multirow,textcomp}
\usepackage{tikz,pgfplots}\pgfplotsset{compat=1.17}
\def\hcol{black}\def\fncol{black}
\def\eurofamily{lmr}\newcommand\EUR{{\fontencoding{TS1}\fontfamily{\eurofamily}\selectfont\char191 }}
\makeatletter
\newcommand\fn[2]{{\def\fncol{b#1}\footnote{\color{b#1}#2}}}
\newsavebox\blkbox
\newcommand\blktoc{\@starttoc{toc}}
\ifblktwin
  \newcommand\blk[2]{\leavevmode\sbox\blkbox{#2}{\color{b#1}\rule[-\dp\blkbox]{\wd\blkbox}{\dimexpr\ht\blkbox+\dp\blkbox}}%
    \makebox[0pt][r]{\color{b#1}\usebox\blkbox}}
\else
  \newcommand\blk[2]{\leavevmode\sbox\blkbox{#2}\usebox\blkbox\makebox[0pt][r]{}}
\fi
\newcommand\blkimage[2]{\leavevmode\sbox\blkbox{#2}\ifblktwin
  {\color{b#1}\rule[-\dp\blkbox]{\wd\blkbox}{\dimexpr\ht\blkbox+\dp\blkbox}}\else\usebox\blkbox\fi}
\makeatother
"""
FOOTNOTES = r"""
\makeatletter
\renewcommand\@makefntext[1]{\parindent 1em\noindent\hbox to 1.4em{\hss\color{\fncol}\@makefnmark\ }#1}
\makeatother
"""
TITLES = r"""
\usepackage{titlesec}
\titleformat{\section}{\normalfont%(font)s\large\bfseries\color{\hcol}}{\thesection}{0.8em}{}
\titleformat{\subsection}{\normalfont%(font)s\normalsize\bfseries\color{\hcol}}{\thesubsection}{0.8em}{}
\titleformat{\subsubsection}{\normalfont%(font)s\normalsize\itshape\color{\hcol}}{\thesubsubsection}{0.8em}{}
"""
CAPTIONS = r"\usepackage[font=small,labelfont=bf]{caption}" + "\n"
LATIN = r"\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}\usepackage{lmodern}\usepackage{microtype}" + "\n"
LATIN += r"\input{glyphtounicode}\pdfgentounicode=1\pdfglyphtounicode{Omega}{03A9}" + "\n"


def make(document: Document, blocks: list[Block], target: Path, *, twin: bool) -> None:
    """Sets the document as target; the folder of target takes the intermediate files."""
    layout = LAYOUTS[document.layout]
    setter = Setter(document, blocks, target.parent)
    source = layout(setter)
    program = "xelatex" if "ctex" in source else "pdflatex"
    (target.parent / f"{target.stem}.tex").write_text(_head(blocks, twin) + source, encoding="utf-8")
    env = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "FORCE_SOURCE_DATE": "1"}
    for _ in range(3 if any(block["type"] == "toc" for block in blocks) else 2):
        call(program, "-interaction=nonstopmode", "-halt-on-error", f"{target.stem}.tex", cwd=target.parent, env=env)
    for block in blocks:
        if block["type"] == "toc":
            block["lines"] = _toc_lines(target.parent / f"{target.stem}.toc")


def _head(blocks: list[Block], twin: bool) -> str:
    lines = [r"\newif\ifblktwin" + (r"\blktwintrue" if twin else r"\blktwinfalse")]
    colours = []
    for block in blocks:
        own = block.get("colour", "0,0,0")
        rgb = ",".join(map(str, colour(block["id"]))) if twin else own
        colours.append(rf"\definecolor{{b{block['id']}}}{{RGB}}{{{rgb}}}")
    lines.append(r"\AtBeginDocument{" + "%\n".join(colours) + "}\n")
    return "\n".join(lines)


def _toc_lines(path: Path) -> list[str]:
    lines = []
    pattern = r"\\contentsline \{\w+\}\{\\numberline \{([^}]*)\}(.*?)\}\{(\w+)\}"
    for number, text, page in re.findall(pattern, path.read_text(encoding="utf-8")):
        lines.append(f"{number} {text} {page}")
    return lines


class Setter:
    """Turns blocks into LaTeX source."""

    def __init__(self, document: Document, blocks: list[Block], folder: Path) -> None:
        self.document, self.blocks, self.folder = document, blocks, folder

    def text(self, raw: str, notes: list[Block] | None = None) -> str:
        parts, end = [], 0
        left = list(notes or [])
        for match in MARKUP.finditer(raw):
            parts.append(self._escape(raw[end : match.start()]))
            bold, italic, label, _, note = match.groups()
            if bold:
                parts.append(rf"\textbf{{{self.text(bold)}}}")
            elif italic:
                parts.append(rf"\textit{{{self.text(italic)}}}")
            elif note:
                block = left.pop(0)
                parts.append(rf"\fn{{{block['id']}}}{{{self.text(note)}}}")
            else:
                parts.append(self.text(label))
            end = match.end()
        return "".join([*parts, self._escape(raw[end:])])

    def _escape(self, text: str) -> str:
        text = "".join(ESCAPES.get(char, char) for char in text)
        if self.document.lang == "zh":
            return text
        for opening, closing in (("“", "”"), ("„", "“")):
            text = text.replace(opening, {"“": "``", "„": r"\quotedblbase{}"}[opening]) if closing in text else text
        return text.replace("”", "''").replace("“", "``")

    def all(self, at: str | None = None) -> str:
        """The blocks of one area, in order."""
        return "\n\n".join(self.one(b) for b in self.area(at))

    def area(self, at: str | int | None = None) -> list[Block]:
        return [b for b in self.blocks if b.get("at") == at and b["type"] != "footnote"]

    def coloured(self, block: Block) -> str:
        """A block's bare text in its colour."""
        return rf"{{\color{{b{block['id']}}}{self.text(block['text'], block.get('notes'))}}}"

    def one(self, block: Block) -> str:
        kind, number = block["type"], block["id"]
        start = rf"\color{{b{number}}}"
        if kind == "title":
            return rf"{{\LARGE\bfseries {self.coloured(block)}\par}}\medskip"
        if kind in ("h1", "h2", "h3"):
            return self._heading(block)
        if kind == "p":
            inner = rf"{{\leavevmode{start}{self.text(block['text'], block.get('notes'))}\par}}"
            return inner if not block.get("style") else rf"\begin{{{block['style']}}}{inner}\end{{{block['style']}}}"
        if kind in ("ul", "ol"):
            start += r"\nobreak " if number and self.blocks[number - 1]["type"] in HEADINGS else ""
            if self.document.layout == "slides":  # beamer sets the colour of lists itself
                names = ("itemize/enumerate body", "itemize/enumerate subbody", "item", "subitem")
                start += "".join(rf"\setbeamercolor{{{name}}}{{fg=b{number}}}" for name in names)
            return rf"{{{start}{self._list(block['items'], 'itemize' if kind == 'ul' else 'enumerate')}\par}}"
        if kind == "image":
            picture = self.picture(block)
            return picture if block.get("float") else rf"\begin{{center}}{picture}\end{{center}}"
        if kind == "caption":
            return self._caption(block)
        if kind == "table":
            return self._table(block)
        if kind == "kv":
            label = rf"\makebox[{block.get('labelwidth', '45mm')}][l]{{{self.text(block['label'])}}}"
            return rf"{{\leavevmode{start}{label}{self.text(block['value'])}\par}}"
        if kind == "toc":
            return rf"{{{start}\blktoc\par}}"
        raise ValueError(kind)

    def _heading(self, block: Block) -> str:
        command = {"h1": "section", "h2": "subsection", "h3": "subsubsection"}[block["type"]]
        match = NUMBERED.match(block["text"])
        text = self.text(match.group(2) if match else block["text"])
        return rf"\def\hcol{{b{block['id']}}}\{command}{'' if match else '*'}{{{text}}}"

    def _list(self, items: list[Any], environment: str) -> str:
        lines = [rf"\begin{{{environment}}}"]
        for item in items:
            own, under = (item, []) if isinstance(item, str) else item
            lines.append(rf"\item {self.text(own)}")
            if under:
                lines.append(self._list(under, environment))
        return "\n".join([*lines, rf"\end{{{environment}}}"])

    def picture(self, block: Block) -> str:
        name, width, height = block["picture"], block["width"], block["height"]
        if pictures.is_chart(name):
            inner = pictures.tikz(name, width, height)
        else:
            file = f"picture{block['id']}.jpg"
            (self.folder / file).write_bytes(pictures.photo(name, width, height))
            inner = rf"\includegraphics[width={width}mm,height={height}mm]{{{file}}}"
        return rf"\blkimage{{{block['id']}}}{{{inner}}}"

    def _caption(self, block: Block) -> str:
        text = re.sub(r"^(Figure|Table|Abbildung|Tabelle) \d+: |^[图表]\d+ ", "", block["text"])
        of = "table" if re.match(r"Tab|表", block["text"]) else "figure"
        setup = rf"\captionsetup{{font={{small,color=b{block['id']}}}}}"
        return rf"{{{setup}\captionof{{{of}}}{{{self.text(text)}}}}}"

    def tabular(self, block: Block, environment: str = "tabular") -> str:
        rows = block["rows"]
        columns = block.get("columns") or "l" + "r" * (len(rows[0]) - 1)
        head = block.get("header", 1)
        ruled = block.get("rules", "booktabs")
        cells = [[self._cell(cell) for cell in row] for row in rows]
        if ruled == "booktabs":
            top, middle, bottom = r"\toprule", r"\midrule", r"\bottomrule"
            cells = [[rf"\textbf{{{c}}}" if y < head and c else c for c in row] for y, row in enumerate(cells)]
        elif ruled == "grid":
            top, middle, bottom = r"\hline", r"\hline", ""
        else:
            top = middle = bottom = ""
        lines = []
        for y, row in enumerate(cells):
            lines.append(self._row(row, block.get("spans", {}), y) + r" \\")
            if y == head - 1:
                lines.append(middle + (r"\endhead" if environment == "longtable" else ""))
            elif ruled == "grid" or y in block.get("rule_after", ()):
                lines.append(r"\hline" if ruled == "grid" else r"\midrule")
        return "\n".join([rf"\begin{{{environment}}}{{{columns}}}", top, *lines, bottom, rf"\end{{{environment}}}"])

    def _cell(self, cell: str) -> str:
        if "\\" in cell:
            return r"\begin{tabular}[t]{@{}l@{}}" + r"\\".join(map(self.text, cell.split("\\"))) + r"\end{tabular}"
        return self.text(cell)

    @staticmethod
    def _row(row: list[str], spans: dict[tuple[int, int], tuple[int, int]], y: int) -> str:
        parts, x = [], 0
        while x < len(row):
            high, wide = spans.get((y, x), (1, 1))
            text = rf"\multirow{{{high}}}{{*}}{{{row[x]}}}" if high > 1 else row[x]
            parts.append(rf"\multicolumn{{{wide}}}{{c}}{{{text}}}" if wide > 1 else text)
            x += wide
        return " & ".join(parts)

    def _table(self, block: Block) -> str:
        if block.get("long"):
            return rf"{{\color{{b{block['id']}}}{self.tabular(block, 'longtable')}}}\addtocounter{{table}}{{-1}}"
        inner = rf"\blk{{{block['id']}}}{{{block.get('size', '')}{self.tabular(block)}}}"
        if block.get("float") or block.get("flush"):
            return (r"\noindent " if block.get("flush") else "") + inner + (r"\par" if block.get("flush") else "")
        return rf"\begin{{center}}{inner}\end{{center}}"


def floats(setter: Setter, blocks: list[Block]) -> str:
    """Runs of blocks marked as float go into one float each: figure, figure*, table, table*."""
    parts: list[str] = []
    run: list[Block] = []

    def flush() -> None:
        if run:
            environment = run[0]["float"]
            inner = "\n\n".join(setter.one(block) for block in run)
            parts.append(rf"\begin{{{environment}}}[t]\centering {inner}\end{{{environment}}}")
            run.clear()

    for block in blocks:
        if block["type"] == "footnote":
            continue
        if block.get("float"):
            if run and (run[0]["float"] != block["float"] or block.get("new")):
                flush()
            run.append(block)
        else:
            flush()
            parts.append(setter.one(block))
    flush()
    return "\n\n".join(parts)


def paper(s: Setter) -> str:
    """Two columns; title, authors and abstract over both."""
    head = [s.one(b) for b in s.area("head")]
    abstract = s.area("abstract")
    references = s.area("references")
    works = next(b for b in references if b["type"] == "ol")
    items = "\n".join(rf"\item {s.text(item)}" for item in works["items"])
    spaces = r"\usecounter{enumi}\leftmargin1.7em\itemsep2pt\parsep0pt"
    listing = rf"{{\small\color{{b{works['id']}}}\list{{[\arabic{{enumi}}]}}{{{spaces}}}{items}\endlist}}"
    return (
        r"\documentclass[10pt,twocolumn,a4paper]{article}" + "\n" + LATIN + COMMON + FOOTNOTES
        + r"\usepackage{enumitem}\setlist{itemsep=1pt,parsep=1pt,topsep=3pt}"
        + r"\usepackage[english]{babel}\usepackage{mathptmx}\usepackage[margin=18mm,columnsep=7mm]{geometry}"
        + TITLES % {"font": ""} + CAPTIONS + r"\renewcommand\dbltopfraction{.9}\renewcommand\textfraction{.05}"
        + r"\begin{document}\twocolumn[\begin{@twocolumnfalse}\begin{center}"
        + "\n\n".join(head) + r"\end{center}\begin{quote}\small "
        + "\n\n".join(s.one(b) for b in abstract)
        + r"\end{quote}\bigskip\end{@twocolumnfalse}]" + "\n"
        + floats(s, [b for b in s.blocks if b.get("at") is None])
        + "\n\n" + "\n\n".join(s.one(b) for b in references if b["type"] != "ol") + "\n\n" + listing
        + "\n\\end{document}\n"
    )  # fmt: skip


def report(s: Setter) -> str:
    """One column with a table of contents and running headers."""
    language = {"de": "ngerman", "en": "english"}[s.document.lang]
    head = "\n\n".join(s.one(b) for b in s.area("head"))
    return (
        r"\documentclass[11pt,a4paper]{article}" + "\n" + LATIN + COMMON + FOOTNOTES
        + rf"\usepackage[{language}]{{babel}}\usepackage[margin=28mm,headheight=15pt]{{geometry}}"
        + r"\usepackage{enumitem}\setlist{itemsep=2pt,topsep=4pt}\usepackage{fancyhdr}\pagestyle{fancy}"
        + rf"\fancyhf{{}}\lhead{{\small\itshape {s.text(s.document.options['header'])}}}\rhead{{\small\thepage}}"
        + r"\setlength\parindent{0pt}\setlength\parskip{6pt}"
        + TITLES % {"font": r"\sffamily"} + CAPTIONS
        + r"\begin{document}" + head + "\n\n" + floats(s, [b for b in s.blocks if b.get("at") is None])
        + "\n\\end{document}\n"
    )  # fmt: skip


def contract(s: Setter) -> str:
    """Plain clauses with centred headings that carry their own numbers."""
    parts = []
    for b in s.area():
        if b["type"] in ("h1", "title"):
            size = r"\Large" if b["type"] == "title" else r"\normalsize"
            parts.append(rf"\begin{{center}}{size}\bfseries {s.coloured(b)}\end{{center}}\nopagebreak")
        else:
            parts.append(s.one(b))
    return (
        r"\documentclass[11pt,a4paper]{article}" + "\n" + LATIN + COMMON
        + r"\usepackage[ngerman]{babel}\usepackage[left=30mm,right=25mm,top=25mm,bottom=25mm]{geometry}"
        + r"\usepackage{charter}\usepackage{enumitem}\setlist[enumerate]{leftmargin=8mm,itemsep=2pt}"
        + r"\setlist[enumerate,1]{label=(\arabic*)}\setlist[enumerate,2]{label=\alph*)}"
        + r"\setlength\parindent{0pt}\setlength\parskip{5pt}\usepackage{fancyhdr,lastpage}\pagestyle{fancy}\fancyhf{}"
        + r"\renewcommand\headrulewidth{0pt}\cfoot{\footnotesize Seite \thepage\ von \pageref{LastPage}}"
        + r"\begin{document}" + "\n\n".join(parts) + "\n\\end{document}\n"
    )  # fmt: skip


def slides(s: Setter) -> str:
    """Beamer: an h1 begins a frame."""
    frames: list[list[Block]] = []
    for b in s.area():
        if b["type"] in ("h1", "title"):
            frames.append([])
        frames[-1].append(b)
    parts = []
    for frame in frames:
        head, rest = frame[0], frame[1:]
        if head["type"] == "title":
            inner = r"\vfill\centering{\usebeamerfont{title}\Large " + s.coloured(head) + r"\par}\bigskip" + "\n\n"
            inner += "\n\n".join(s.one(b) for b in rest) + r"\vfill"
            parts.append(rf"\begin{{frame}}[plain]{inner}\end{{frame}}")
            continue
        left = [b for b in rest if b.get("side") != "right"]
        right = [b for b in rest if b.get("side") == "right"]
        inner = "\n\n".join(s.one(b) for b in left)
        if right:
            other = "\n\n".join(s.one(b) for b in right)
            inner = rf"\column{{.52\textwidth}}{inner}\column{{.44\textwidth}}{other}"
            inner = rf"\begin{{columns}}[T]{inner}\end{{columns}}"
        title = rf"\frametitle{{\color{{b{head['id']}}}{s.text(head['text'])}}}"
        parts.append(rf"\begin{{frame}}{title}{inner}\end{{frame}}")
    footer = s.text(s.document.options["footer"])
    return (
        r"\documentclass[11pt,aspectratio=169]{beamer}" + "\n" + LATIN.replace(r"\usepackage{microtype}", "") + COMMON
        + r"\usetheme{Boadilla}\usecolortheme{seahorse}\setbeamertemplate{navigation symbols}{}"
        + rf"\author{{{footer}}}\title{{{footer}}}\date{{}}\setbeamercolor{{local structure}}{{fg=.}}"
        + r"\setbeamercolor{item}{fg=.}\setbeamercolor{normal text}{fg=black}"
        + r"\setbeamercolor{block body}{fg=.}"
        + r"\begin{document}" + "\n".join(parts) + "\n\\end{document}\n"
    )  # fmt: skip


def sheet(s: Setter) -> str:
    """An exercise sheet: nested enumerations in numbered tasks."""
    language = {"de": "ngerman", "en": "english"}[s.document.lang]
    return (
        r"\documentclass[11pt,a4paper]{article}" + "\n" + LATIN + COMMON
        + rf"\usepackage[{language}]{{babel}}\usepackage[margin=25mm]{{geometry}}\usepackage{{mathpazo,enumitem}}"
        + r"\setlist[enumerate,1]{label=(\alph*)}\setlist[enumerate,2]{label=(\roman*)}"
        + r"\setlength\parindent{0pt}\setlength\parskip{6pt}\pagestyle{plain}\usepackage{titlesec}"
        + r"\titleformat{\section}{\normalfont\large\bfseries\color{\hcol}}{}{0em}{}"
        + CAPTIONS + r"\begin{document}" + s.all("head") + r"\par\medskip\hrule\medskip" + "\n\n" + s.all()
        + "\n\\end{document}\n"
    )  # fmt: skip


def chinese(s: Setter) -> str:
    """A Chinese report with ctex and the Fandol fonts."""
    return (
        r"\documentclass[UTF8,11pt,a4paper,fontset=fandol]{ctexart}" + "\n" + COMMON + FOOTNOTES
        + r"\usepackage[margin=27mm,headheight=15pt]{geometry}\usepackage{fancyhdr}\pagestyle{fancy}"
        + rf"\fancyhf{{}}\chead{{\small {s.text(s.document.options['header'])}}}\cfoot{{\small 第 \thepage\ 页}}"
        + r"\ctexset{section={format=\Large\bfseries\raggedright\color{\hcol}},"
        + r"subsection={format=\large\bfseries\raggedright\color{\hcol}}}"
        + r"\usepackage[font=small,labelsep=space]{caption}\usepackage{enumitem}\setlist{itemsep=1pt}"
        + r"\begin{document}\begin{center}" + s.all("head") + r"\end{center}" + "\n\n"
        + floats(s, [b for b in s.blocks if b.get("at") is None]) + "\n\\end{document}\n"
    )  # fmt: skip


def invoice(s: Setter) -> str:
    """A business invoice without a single rule."""
    sender = "\n\n".join(s.one(b) for b in s.area("sender"))
    to = "\n\n".join(s.one(b) for b in s.area("to"))
    data = "\n\n".join(s.one(b) for b in s.area("data"))
    totals = "\n\n".join(
        rf"\hfill{{\color{{b{b['id']}}}\makebox[45mm][l]{{{s.text(b['label'])}}}\makebox[28mm][r]{{{s.text(b['value'])}}}}}"
        for b in s.area("totals")
    )
    return (
        r"\documentclass[11pt,a4paper]{article}" + "\n" + LATIN + COMMON
        + r"\usepackage[ngerman]{babel}\usepackage[left=25mm,right=20mm,top=22mm,bottom=25mm]{geometry}"
        + r"\def\eurofamily{lmss}\usepackage[scaled]{helvet}\renewcommand\familydefault{\sfdefault}\pagestyle{empty}"
        + r"\setlength\parindent{0pt}\setlength\parskip{2pt}\begin{document}\raggedright "
        + rf"{{\small {sender}}}\vspace{{14mm}}" + "\n\n"
        + rf"\begin{{minipage}}[t]{{90mm}}{to}\end{{minipage}}\hfill\begin{{minipage}}[t]{{70mm}}{data}\end{{minipage}}"
        + r"\vspace{14mm}\par" + "\n\n" + s.all("open") + r"\vspace{4mm}" + "\n\n" + s.all("items")
        + r"\vspace{3mm}" + "\n\n" + totals + "\n\n" + r"\vspace{8mm}" + s.all() + "\n\\end{document}\n"
    )  # fmt: skip


LAYOUTS: dict[str, Callable[[Setter], str]] = {
    "paper": paper,
    "report": report,
    "contract": contract,
    "slides": slides,
    "sheet": sheet,
    "chinese": chinese,
    "invoice": invoice,
}
