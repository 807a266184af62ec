"""The pictures in the documents: "photographs" out of noise and gradients, as JPEG; charts as SVG and TikZ."""

import io

import numpy as np
from PIL import Image, ImageFilter


def photo(name: str, width: float, height: float, dpi: int = 110) -> bytes:
    """A JPEG for a name such as hills:3 (the number is the seed), to be printed width × height millimetres large."""
    kind, _, seed = name.partition(":")
    pixels = round(width / 25.4 * dpi), round(height / 25.4 * dpi)
    rng = np.random.default_rng(int(seed or 0))
    picture = {"hills": _hills, "still": _still, "texture": _texture}[kind](*pixels, rng)
    file = io.BytesIO()
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=72)
    return file.getvalue()


def plain(colour: tuple[int, int, int], width: float, height: float, dpi: int = 110) -> bytes:
    """A PNG of one colour, of the same number of pixels as photo() gives."""
    file = io.BytesIO()
    Image.new("RGB", (round(width / 25.4 * dpi), round(height / 25.4 * dpi)), colour).save(file, "PNG")
    return file.getvalue()


def _cloud(width: int, height: int, rng: np.random.Generator, scale: int) -> np.ndarray:
    """Smooth noise in 0…1 whose features are about `scale` pixels large."""
    small = rng.random((height // scale + 2, width // scale + 2)) * 255
    picture = Image.fromarray(small.astype(np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(picture, float) / 255


def _hills(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """A sky with clouds over four ranges of hills."""
    y = np.linspace(0, 1, height)[:, None, None]
    sky = np.array([90, 140, 205]) * (1 - y) + np.array([250, 225, 200]) * y
    cloud = np.clip(_cloud(width, height, rng, max(8, width // 7)) - 0.5, 0, 1)[..., None]
    picture = sky + (255 - sky) * cloud * 1.4
    across = np.arange(width)
    for layer in range(4):
        line = np.full(width, 0.42 + 0.14 * layer)
        for wave in range(1, 6):
            line += rng.normal(0, 0.045 / wave) * np.sin(across / width * np.pi * 2 * wave + rng.random() * 7)
        below = np.linspace(0, 1, height)[:, None] > line[None, :]
        shade = np.array([70, 105, 95]) * (1.25 - 0.27 * layer)
        grain = _cloud(width, height, rng, 6)[..., None] * 30 - 15
        picture = np.where(below[..., None], shade + grain, picture)
    return picture + rng.normal(0, 3, picture.shape)


def _still(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Lit round things on a table."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    picture = np.where((y > height * 0.62)[..., None], np.array([150, 108, 72.0]), np.array([205, 198, 186.0]))
    picture = picture + (_cloud(width, height, rng, 14)[..., None] - 0.5) * 30
    for _ in range(7):
        radius = rng.uniform(0.09, 0.2) * min(width, height) * 1.1
        cx, cy = rng.uniform(0.12, 0.88) * width, rng.uniform(0.5, 0.8) * height
        colour = rng.uniform([120, 40, 20], [240, 190, 90])
        distance = np.hypot(x - cx, y - cy) / radius
        light = np.clip(1.15 - np.hypot(x - cx + radius * 0.35, y - cy + radius * 0.4) / radius * 0.62, 0.2, 1.2)
        picture = np.where((distance < 1)[..., None], colour * light[..., None], picture)
    soft = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.8))
    return np.asarray(soft, float) + rng.normal(0, 3, picture.shape)


def _texture(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """A micrograph: grey grains with dark borders."""
    centres = rng.random((90, 2)) * [height, width]
    y, x = np.mgrid[0:height, 0:width]
    distance = np.hypot(y[..., None] - centres[:, 0], x[..., None] - centres[:, 1])
    nearest = np.sort(distance, axis=2)[..., :2]
    grain = rng.uniform(110, 215, 90)[distance.argmin(axis=2)]
    grey = np.where(nearest[..., 1] - nearest[..., 0] < 1.6, 40, grain) + rng.normal(0, 9, (height, width))
    return np.repeat(grey[..., None], 3, axis=2)


CHARTS: dict[str, tuple[list[float], str]] = {
    "bars": ([42, 55, 38, 71, 64, 83], "#35618f"),
    "months": ([12, 18, 31, 44, 52, 61, 58, 49, 37, 26, 17, 13], "#8a4b2d"),
    "curve": ([5, 21, 43, 62, 76, 85, 91, 95, 97, 98.5], "#1f6f54"),
    "decay": ([96, 71, 54, 41, 33, 27, 23, 20, 18, 17], "#7a2048"),
}


def is_chart(name: str) -> bool:
    return name in CHARTS


def svg(name: str, width: float, height: float, attributes: str = "") -> str:
    """A chart without letters: bars for bars and months, a line for the others."""
    values, colour = CHARTS[name]
    parts = [f'<rect x="0" y="0" width="{width}" height="{height}" fill="#f6f6f3"/>']
    left, bottom, top = 4.0, height - 4, 4.0
    across, up = width - 8, bottom - top
    for step in range(1, 5):
        y = bottom - up * step / 4
        parts.append(f'<path d="M{left} {y:.2f}h{across}" stroke="#c9c9c4" stroke-width="0.2"/>')
    if name in ("bars", "months"):
        slot = across / len(values)
        for i, value in enumerate(values):
            high = up * value / 100
            place = f'x="{left + slot * (i + 0.18):.2f}" y="{bottom - high:.2f}"'
            parts.append(f'<rect {place} width="{slot * 0.64:.2f}" height="{high:.2f}" fill="{colour}"/>')
    else:
        gap = across / (len(values) - 1)
        points = [(left + i * gap, bottom - up * value / 100) for i, value in enumerate(values)]
        path = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="0.6"/>')
        parts += [f'<circle cx="{x:.2f}" cy="{y:.2f}" r="0.9" fill="{colour}"/>' for x, y in points]
    parts.append(f'<path d="M{left} {top}V{bottom}H{width - 4}" fill="none" stroke="#222" stroke-width="0.35"/>')
    size = f'width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {attributes}>{"".join(parts)}</svg>'


def tikz(name: str, width: float, height: float) -> str:
    """The same kind of chart for LaTeX, with numbered axes as pgfplots makes them."""
    values, _ = CHARTS[name]
    style = "ybar,bar width=5pt,fill=blue!55!black" if name in ("bars", "months") else "mark=*,thick,red!60!black"
    points = " ".join(f"({i + 1},{value})" for i, value in enumerate(values))
    axis = f"width={width}mm,height={height}mm,scale only axis=false,ymin=0,ymax=100,ymajorgrids,tick align=outside"
    axis += f",xmin=0.3,xmax={len(values) + 0.7},xtick={{2,4,...,{len(values)}}},ytick={{0,20,...,100}}"
    return (
        rf"\begin{{tikzpicture}}\begin{{axis}}[{axis},tick label style={{font=\scriptsize}}]"
        rf"\addplot[{style}] coordinates {{{points}}};\end{{axis}}\end{{tikzpicture}}"
    )
