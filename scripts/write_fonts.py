"""Write the fonts of charts and paper: four faces of Noto Sans, cut down to the letters of European names.

Run ``npm pack @expo-google-fonts/noto-sans@0.4.2``, unpack it, and name its folder::

    python scripts/write_fonts.py package

Noto Sans is under the SIL Open Font License 1.1 and reserves no name, so that what is cut down may keep it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

FACES = {"Regular": "400Regular", "Italic": "400Regular_Italic", "SemiBold": "600SemiBold", "Bold": "700Bold"}
HERE = Path(__file__).parents[1] / "src" / "quartiersatlas" / "charts" / "fonts"
# Latin with its extensions A and the letters of Romanian, Azerbaijani and Vietnamese; Greek; Cyrillic; signs
RANGES = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x18F, 0x18F), (0x192, 0x192), (0x1A0, 0x1A1), (0x1AF, 0x1B0), (0x1E6, 0x1E7),
    (0x218, 0x21B), (0x259, 0x259), (0x2C6, 0x2C7), (0x2D8, 0x2DD), (0x300, 0x304), (0x306, 0x30C), (0x323, 0x323),
    (0x384, 0x3CE), (0x400, 0x45F), (0x490, 0x491), (0x1E80, 0x1E85), (0x1E9E, 0x1E9E), (0x1EA0, 0x1EF9),
    (0x2007, 0x200B), (0x2010, 0x2015), (0x2018, 0x2022), (0x2026, 0x2026), (0x202F, 0x202F), (0x2030, 0x2030),
    (0x2032, 0x2033), (0x2039, 0x203A), (0x2044, 0x2044), (0x2070, 0x2079), (0x2080, 0x2089), (0x20AC, 0x20AC),
    (0x2116, 0x2116), (0x2122, 0x2122), (0x2212, 0x2212),
)  # fmt: skip


def main(package: str) -> None:
    """Cut the faces down and write how wide their letters are."""
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    letters = [code for first, last in RANGES for code in range(first, last + 1)]
    options = Options(
        hinting=False, layout_features=["kern", "mark", "mkmk", "ccmp"], name_IDs=["*"], notdef_outline=True
    )
    widths = {}
    for face, name in FACES.items():
        font = TTFont(Path(package) / name / f"NotoSans_{name}.ttf", recalcTimestamp=False)
        cutter = Subsetter(options)
        cutter.populate(unicodes=letters)
        cutter.subset(font)
        font.save(HERE / f"NotoSans-{face}.ttf")
        per_em, metrics = font["head"].unitsPerEm, font["hmtx"].metrics
        widths[face] = {code: round(1000 * metrics[glyph][0] / per_em) for code, glyph in font.getBestCmap().items()}
    codes = sorted(set.intersection(*(set(found) for found in widths.values())))
    table = {
        "letters": codes,
        "fallback": _runs(_fallback()),
        **{face: [found[code] for code in codes] for face, found in widths.items()},
    }
    (HERE / "widths.json").write_text(json.dumps(table, separators=(",", ":")) + "\n", encoding="ascii")
    (HERE / "OFL.txt").write_bytes((Path(package) / "LICENSE_FONT").read_bytes())


def _fallback() -> list[int]:
    """Return the letters of DejaVu Sans Mono, which typst carries and takes where the faces have no letter."""
    from fontTools.ttLib import TTFont
    from matplotlib import get_data_path

    return sorted(TTFont(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf").getBestCmap())


def _runs(codes: list[int]) -> list[list[int]]:
    """Return the first and the last of each run of numbers."""
    runs: list[list[int]] = []
    for code in codes:
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return runs


if __name__ == "__main__":
    main(*sys.argv[1:])
