"""Words in an SVG on paper: one text each, with a light edge where they stand on colours."""

from __future__ import annotations

from html import escape

from quartiersatlas.present.paper.sheet_page import INK, POINT
from quartiersatlas.present.paper.svg_marks import num
from quartiersatlas.present.paper.typeset import settable


def words_at(
    words: str,
    x: float,
    y: float,
    points: float,
    *,
    anchor: str = "start",
    bold: bool = False,
    italic: bool = False,
    color: str = INK,
    halo: float = 0.0,
    spacing: float = 0.0,
    angle: float = 0.0,
) -> str:
    """Return words at the place of their baseline, sizes in points, everything else in millimetres.

    The light edge belongs to the same text: two texts would stand twice in what a reader copies or hears.
    """
    look = [f'x="{num(x)}" y="{num(y)}" font-size="{num(points * POINT)}" fill="{color}"']
    if anchor != "start":
        look.append(f'text-anchor="{anchor}"')
    if bold:
        look.append('font-weight="700"')
    if italic:
        look.append('font-style="italic"')
    if spacing:
        look.append(f'letter-spacing="{num(spacing)}"')
    if halo:
        look.append(f'paint-order="stroke" stroke="#fff" stroke-width="{num(halo)}" stroke-linejoin="round"')
    if angle:
        look.append(f'transform="rotate({num(angle)} {num(x)} {num(y)})"')
    flat = " ".join(settable(words).split())
    return f"<text {' '.join(look)}>{escape(flat)}</text>"
