"""The pictures on a scanned page: what differs from its paper and is neither text, nor a rule, nor a table."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
import numpy.typing as npt

from ..model.boxes import Box, area, clustered, overlap_x, overlap_y, same_row, union, whole
from ..model.frame import Raster

Mask = npt.NDArray[np.uint8]
"""Height x width; 1 where something is."""

Floats = npt.NDArray[np.float64]
Boxes = Floats
"""Boxes x 4."""

LONGEST_SIDE = 1000
"""Pixels to which a page is shrunk for the search; shrinking averages noise away, too."""
CONTRAST = 24
"""How far a pixel is from the paper in its strongest channel, of 255, to be ink: pale charts are, shading is not."""
SMALLEST_SIDE = 0.025
"""Share of the page's width: a logo that is smaller is an icon."""
LARGEST_SHARE = 0.85
"""Of the page: what covers more is its ground."""
SCAN_EDGE = 0.03
"""Share of the page's sides within which dark stripes along the edge are the lid of the scanner."""
TEXT_SHARE = 0.22
"""Of a region: where lines of text cover more, it is the ground of text, or a table."""
STRAIGHT = 0.018
"""Of a region: with fewer pixels beside straight lines it is a frame or a form; charts have 0.025 and more."""
RULE = 4
"""Pixels of the shrunk page; thicker strokes are bars."""
SQUARE = np.ones((3, 3), np.uint8)
ONE_TONE = 12
"""Of 255, on both sides: the noise on a ground that was printed in one colour."""


@dataclass(frozen=True, slots=True)
class _Region:
    """Ink that belongs together, in pixels of the shrunk page. A `photo` fills its box; labels stand inside of it."""

    box: Box
    photo: bool


def figures(
    raster: Raster, texts: Sequence[Box], tables: Sequence[Box] = (), captions: Sequence[Box] = ()
) -> list[Box]:
    """Boxes of the pictures on an upright raster, from top to bottom, in its pixels.

    `texts` are all lines that detection found, read or not; `tables` are left alone; `captions`, boxes among the
    texts, stay outside of the pictures. Labels inside a chart and beside its axes are within its box.
    """
    scale = min(1.0, LONGEST_SIDE / max(raster.shape[:2]))
    shrunk = cv2.resize(raster, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else raster
    small = np.asarray(shrunk, np.uint8)
    lines, kept, grids = ([_scaled(box, scale) for box in boxes] for boxes in (texts, captions, tables))
    height = statistics.median(min(b[3] - b[1], b[2] - b[0]) for b in lines) if lines else 0.012 * max(small.shape)
    ink = _ink(small)
    _clear_edges(ink)
    for box in grids:
        _fill(ink, box, 0.3 * height)
    apart = [*kept, *grids]
    labels = [line for line in lines if not any(_covered(line, box) > 0.5 for box in apart)]
    found, parts = _pieces(small, ink, lines, height)
    found = _joined([_completed(region, parts, lines, height) for region in found], lines, height)
    found = _joined([_with_labels(region, labels, height) for region in found], lines, height)
    boxes = [_scaled(region.box, 1 / scale) for region in found if not _is_text(region.box, lines)]
    return sorted(boxes, key=lambda box: (box[1], box[0]))


def _ink(small: Raster) -> Mask:
    """What is not paper. Its tone is the page's commonest, and changes slowly across a page that is lit unevenly."""
    return _differs(small, _paper(small), CONTRAST)


def _differs(a: Raster, b: Raster, by: int) -> Mask:
    blue, green, red = cv2.split(cv2.absdiff(a, b))
    return np.asarray(cv2.max(cv2.max(blue, green), red) > by, np.uint8)


def _paper(small: Raster) -> Raster:
    """The page as it would look empty: a quadratic surface through the points that are paper."""
    step = max(1, max(small.shape[:2]) // 100)
    values = small[::step, ::step].astype(np.float32)
    rows, columns = values.shape[:2]
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1)
    grey = values.mean(axis=2)
    commonest = np.convolve(np.histogram(grey, bins=64, range=(0, 256))[0], np.ones(5), mode="same").argmax() * 4 + 2
    surface = np.full_like(values, np.median(values[np.abs(grey - commonest) < 12], axis=0))
    for reach in (40, 32, 24, 18):
        near = np.abs(values - surface).max(axis=2) < reach
        if np.count_nonzero(near) < 50:
            break
        surface = (terms @ np.linalg.lstsq(terms[near], values[near], rcond=None)[0]).astype(np.float32)
    return np.asarray(cv2.resize(np.clip(surface, 0, 255).astype(np.uint8), small.shape[1::-1]), np.uint8)


def _clear_edges(ink: Mask) -> None:
    """Takes away stripes along the edges: the shadow of the lid, what a page set straight leaves beside it."""
    for side in (ink, ink[:, ::-1], ink.T, ink.T[:, ::-1]):
        reach = max(round(SCAN_EDGE * side.shape[1]), 1)
        band = side[:, : reach + 1]
        run = np.where(band.all(axis=1), 0, band.argmin(axis=1))  # 0, too, where a photo goes on
        band[np.arange(band.shape[1]) < run[:, None]] = 0


def _pieces(small: Raster, ink: Mask, lines: Sequence[Box], height: float) -> tuple[list[_Region], Boxes]:
    """The pieces of ink that are pictures, and the other pieces, which may belong to one."""
    rest = ink.copy()
    for line in lines:
        _fill(rest, line, 0.12 * height)
    rest = cv2.bitwise_or(rest, _strokes(ink, round(3 * height)))  # rules that run through the boxes of text
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(rest, cv2.MORPH_CLOSE, SQUARE))
    sizes = stats[:, 2:4]
    least = max(1.6 * height, SMALLEST_SIDE * small.shape[1])
    stats[0, 2:4] = 0  # the paper
    big = (sizes.min(axis=1) > height) & (sizes.prod(axis=1) < LARGEST_SHARE * ink.size)
    other = stats[(sizes.max(axis=1) >= 0.6 * height) & (sizes.min(axis=1) <= height), :4]
    parts = [(x, y, x + w, y + h) for x, y, w, h in other.tolist()]
    found: list[_Region] = []
    nodes: list[Box] = []
    for i in np.flatnonzero(big):
        x, y, w, h, pixels = stats[i].tolist()
        box, place = (x, y, x + w, y + h), np.s_[y : y + h, x : x + w]
        piece = np.asarray(labels[place] == i, np.uint8)
        inside = [_moved(line, -x, -y) for line in lines if _covered(line, box) > 0.6]
        cells = _cells(piece, inside)
        content = _content(np.asarray(cv2.bitwise_and(rest[place], ink[place]), np.uint8), height)
        plain = content <= max(STRAIGHT * w * h, height * height)
        empty = np.count_nonzero(cv2.subtract(rest[place], piece)) < 0.5 * height * height
        framed = plain and empty and len(cells) == 1 and area(cells[0]) > 0.7 * w * h
        if inside and (framed or _is_panel(small[place], piece, inside)):
            nodes.append(box)
        elif min(w, h) < least:
            parts.append(box)
        elif len(cells) > 2 and _apart(cells, 0.8 * height):  # a diagram, all of whose arrows touch
            found.append(_Region(box, photo=False))
        elif len(cells) > 1 and sum(map(area, cells)) > 0.4 * w * h:
            continue  # a ruled table that nobody found
        elif _is_text(box, lines) or (w > 0.9 * small.shape[1] and h < 0.12 * small.shape[0]):
            continue  # its ground, the band of a title
        elif plain:
            parts.append(box)
        else:
            filled = pixels + sum(map(area, inside)) > 0.5 * w * h
            found.append(_Region(box, filled and _is_photo(small[place], piece)))
    others = np.array(parts, np.float64).reshape(-1, 4)
    return found + _diagrams(nodes, others, height), others


def _diagrams(nodes: Sequence[Box], arrows: Boxes, height: float) -> list[_Region]:
    """Boxes with text, at least three, that arrows join."""
    groups = [{i} for i in range(len(nodes))]
    wide = arrows[:, 2] - arrows[:, 0] > arrows[:, 3] - arrows[:, 1]
    length = (arrows[:, 2:] - arrows[:, :2]).max(axis=1, initial=0)
    leads = np.zeros((len(nodes), len(arrows)), np.bool_)
    for node, box in enumerate(nodes):
        across, down = _overlaps(arrows, box)
        # An arrow ends at the node; a rule beside a box runs along it.
        leads[node] = (np.minimum(across, down) > -0.7 * height) & (np.where(wide, across, down) < 0.3 * length)
    for arrow in np.flatnonzero(leads.sum(axis=0) > 1):
        ends = set(np.flatnonzero(leads[:, arrow]).tolist())
        joined = [group for group in groups if group & ends]
        groups = [group for group in groups if not group & ends] + [set().union(*joined)]
    return [_Region(union(nodes[i] for i in group), photo=False) for group in groups if len(group) > 2]


def _completed(region: _Region, parts: Boxes, lines: Sequence[Box], height: float) -> _Region:
    """The region with the small pieces next to it: letters of a logo, axes, ticks."""
    box = region.box
    while True:
        near = parts[np.minimum(*_overlaps(parts, box)) > -0.5 * height]
        grown = box
        for part in map(tuple, near.tolist()):
            if not _parted(grown, part, lines, height):
                grown = union((grown, part))
        if grown == box:
            return _Region(box, region.photo)
        box = grown


def _is_text(box: Box, lines: Sequence[Box]) -> bool:
    """Is it the ground of text, or a table that nobody found, with three rows of three texts?

    A chart has one row of them and one column.
    """
    inside = [line for line in lines if _covered(line, box) > 0.6]
    if sum(map(area, inside)) > TEXT_SHARE * area(box):
        return True
    rows = [sum(same_row(line, other) for other in inside) for line in inside]
    return sum(1 / count for count in rows if count > 2) > 2.5


def _is_photo(tones: Raster, piece: Mask) -> bool:
    """Does it fill its box, with more than the few tones of a drawing?"""
    points = cv2.findNonZero(piece)
    if cv2.contourArea(cv2.convexHull(points)) < 0.7 * piece.size:
        return False
    shares = np.sort(np.histogram(tones.mean(axis=2), bins=32, range=(0, 256))[0])
    return bool(shares[-5:].sum() < 0.8 * piece.size)


def _is_panel(tones: Raster, piece: Mask, lines: Sequence[Box]) -> bool:
    """Is it a ground, of one tone, for its text?"""
    bare = piece.copy()
    for line in lines:
        _fill(bare, line, 2)
    text = sum(map(area, lines))
    if np.count_nonzero(piece) + text < 0.85 * piece.size:
        return False
    pixels = tones[bare > 0].astype(np.int16)
    least = 0.15 * len(pixels)
    for _ in range(1 if text < 0.12 * piece.size else 2):  # a box of text may have a head of its own tone
        if len(pixels):
            pixels = pixels[np.abs(pixels - np.median(pixels, axis=0)).max(axis=1) > ONE_TONE]
    return len(pixels) <= least


def _cells(piece: Mask, lines: Sequence[Box]) -> list[Box]:
    """The holes in which there is text."""
    if not lines:
        return []
    contours, hierarchy = cv2.findContours(piece, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    holes = [cv2.boundingRect(c) for c, (_, _, _, outer) in zip(contours, hierarchy[0], strict=True) if outer >= 0]
    cells = [(x, y, x + w, y + h) for x, y, w, h in holes if min(w, h) > 2 * RULE]
    return [cell for cell in cells if any(_covered(line, cell) > 0.5 for line in lines)]


def _apart(boxes: Sequence[Box], gap: float) -> bool:
    return all(min(overlap_x(a, b), overlap_y(a, b)) < -gap for a, b in combinations(boxes, 2))


def _strokes(ink: Mask, length: int) -> Mask:
    """Straight thin lines across and down."""
    thin = cv2.subtract(ink, cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((RULE + 1, RULE + 1), np.uint8)))
    across = cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    down = cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    return np.asarray(cv2.bitwise_or(across, down), np.uint8)


def _content(piece: Mask, height: float) -> int:
    """Pixels that are not part of straight lines across or down: frames, grids and forms have none."""
    return int(np.count_nonzero(cv2.subtract(piece, cv2.dilate(_strokes(piece, max(5, round(1.5 * height))), SQUARE))))


def _joined(found: Sequence[_Region], lines: Sequence[Box], height: float) -> list[_Region]:
    """Regions close to each other as one, but neither photos beside each other nor charts with text between them."""
    return clustered(found, lambda a, b: _belong(a, b, lines, height), _merged)


def _merged(a: _Region, b: _Region) -> _Region:
    return _Region(union((a.box, b.box)), max(b, a, key=lambda region: area(region.box)).photo)


def _belong(a: _Region, b: _Region, lines: Sequence[Box], height: float) -> bool:
    overlap = min(overlap_x(a.box, b.box), overlap_y(a.box, b.box))
    if a.photo and b.photo:
        return overlap > 2 * height
    return overlap > -1.2 * height and not _parted(a.box, b.box, lines, height)


def _parted(a: Box, b: Box, lines: Sequence[Box], height: float) -> bool:
    """Would both together swallow a long line that neither has?"""
    whole = union((a, b))
    return any(
        line[2] - line[0] > 8 * height and _covered(line, whole) > 0.5 > max(_covered(line, a), _covered(line, b))
        for line in lines
    )


def _with_labels(region: _Region, lines: Sequence[Box], height: float) -> _Region:
    """A chart with the labels at its sides; a photo has its text inside."""
    if region.photo:
        return region
    box = region.box
    for _ in range(3):  # ticks, then the name of the axis
        box = union([box, *(line for line in lines if _is_label(line, box, lines, height))])
    return _Region(box, region.photo)


def _is_label(line: Box, box: Box, lines: Sequence[Box], height: float) -> bool:
    """Does a short line stand at a side of the box, within the stretch of that side?"""
    across, down = overlap_x(line, box), overlap_y(line, box)
    width, tall = line[2] - line[0], line[3] - line[1]
    if across > 0.5 * width and down > -0.7 * height:
        return width < 0.5 * (box[2] - box[0])
    if down < 0.5 * tall or across < -1.2 * height or width > 0.3 * (box[2] - box[0]):
        return False
    return not any(  # what goes on behind it is a row of a table
        -3 * height < overlap_x(other, line) <= 0
        and overlap_x(other, box) < overlap_x(line, box)
        and same_row(other, line)
        for other in lines
        if other[2] - other[0] > 0.7 * (other[3] - other[1])
    )


def _moved(box: Box, x: float, y: float) -> Box:
    return box[0] + x, box[1] + y, box[2] + x, box[3] + y


def _fill(mask: Mask, box: Box, pad: float) -> None:
    x0, y0, x1, y1 = whole((box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad))
    mask[y0:y1, x0:x1] = 0


def _scaled(box: Box, by: float) -> Box:
    return box[0] * by, box[1] * by, box[2] * by, box[3] * by


def _overlaps(boxes: Boxes, box: Box) -> tuple[Floats, Floats]:
    """How far each shares columns and rows of pixels with the box; negative: the gap."""
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    return high[:, 0] - low[:, 0], high[:, 1] - low[:, 1]


def _covered(inner: Box, outer: Box) -> float:
    """The share of the inner box that lies in the outer one."""
    return max(overlap_x(inner, outer), 0) * max(overlap_y(inner, outer), 0) / max(area(inner), 1)
