"""The map on a sheet of paper: A4 or A3 as PDF, SVG or PNG, with all a reader needs to judge it."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from quartiersatlas.catalogue import check_lang
from quartiersatlas.errors import ColumnError, DependencyError, ReleaseError, SpecError
from quartiersatlas.files import write_bytes
from quartiersatlas.present.map.data import map_columns
from quartiersatlas.present.sheet.layout import SIZES

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.release import Release, ReleasedColumn

Size = Literal["A4", "A3"]

# the same file every time: no dates, no names of programs and versions
METADATA: dict[str, dict[str, str | None]] = {
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": "quartiersatlas", "Producer": None},
    "svg": {"Date": None, "Creator": "quartiersatlas"},
    "png": {"Software": None},
}
STYLE = {
    "pdf.fonttype": 42,  # fonts as fonts: text can be searched
    "svg.fonttype": "path",  # letters as outlines: they look alike on every machine
    "svg.hashsalt": "quartiersatlas",
    "hatch.linewidth": 0.5,
    "text.hinting": "none",  # letters as wide on every device as they were measured
    "font.family": "DejaVu Sans",
    "axes.unicode_minus": True,
}


@dataclass(frozen=True)
class Sheet:
    """A map on a sheet of paper.

    Parameters
    ----------
    release : Release
        What is shown.
    column : ReleasedColumn
        The column that colours the areas.
    size : {"A4", "A3"}
        Landscape.
    lang : {"de", "en"}
        Language of everything a reader sees.
    """

    release: Release
    column: ReleasedColumn
    size: Size = "A4"
    lang: Lang = "de"

    def save(self, path: str | Path, *, dpi: int = 200) -> Path:
        """Write the sheet as its ending says; whole or not at all.

        Parameters
        ----------
        path : str or Path
            A ``.pdf``, ``.svg`` (both vector) or ``.png`` file.
        dpi : int, default 200
            Dots per inch of a PNG.

        Returns
        -------
        Path
            The file. The same release gives the same bytes.

        Raises
        ------
        ReleaseError
            The ending is none of these.
        InputError
            The folder is not there.
        """
        path = Path(path)
        kind = path.suffix.lower().removeprefix(".")
        if kind not in METADATA:
            raise ReleaseError(f"{path.name!r}: a sheet can be saved as .pdf, .svg and .png.")
        return write_bytes(path, self._bytes(kind, dpi))

    def draw(self) -> Any:  # noqa: ANN401 - a matplotlib Figure, which is optional
        """Return the sheet as a matplotlib figure."""
        from quartiersatlas.present.sheet.drawing import drawn_sheet

        with _style():
            return drawn_sheet(self.release, self.column, self.size, self.lang)

    def _bytes(self, kind: str, dpi: int) -> bytes:
        from quartiersatlas.present.sheet.drawing import drawn_sheet

        with _style():
            sheet = drawn_sheet(self.release, self.column, self.size, self.lang)
            written = BytesIO()
            sheet.savefig(written, format=kind, dpi=dpi, metadata=METADATA[kind])
        return written.getvalue()

    def _repr_png_(self) -> bytes:
        """Return the sheet for a notebook; in 256 colours it takes a third of the bytes, and those of classes stay."""
        from PIL import Image  # matplotlib brings it

        written = BytesIO()
        sheet = Image.open(BytesIO(self._bytes("png", 100))).convert("RGB")
        sheet.quantize(256, Image.Quantize.MEDIANCUT).save(written, "png", optimize=True)
        return written.getvalue()

    def __repr__(self) -> str:
        return f"Sheet ({self.size}) of {self.column.id!r} in {self.release!r}"


def figure(release: Release, column: str | None = None, *, size: Size = "A4", lang: Lang = "de") -> Sheet:
    """Draw a released column on a sheet of paper.

    Parameters
    ----------
    release : Release
        What is shown.
    column : str, optional
        A column of the map: class, rate, share or count. The first one of the map, if not given.
    size : {"A4", "A3"}, default "A4"
        Paper, landscape.
    lang : {"de", "en"}, default "de"
        Language of everything a reader sees.

    Returns
    -------
    Sheet
        With ``.save("karte.pdf")`` (also ``.svg``, ``.png``) and ``.draw()``.

    Raises
    ------
    ColumnError
        The release has no such column to draw.
    DependencyError
        The package matplotlib is missing.
    SpecError
        The size or the language is unknown, or nothing is released that could be drawn.

    Notes
    -----
    Classes and colours are those of the map (:func:`quartiersatlas.atlas_map`). The scale bar is right where the
    projection keeps lengths, which holds to about one per mille within a UTM zone.
    """
    check_lang(lang)
    if size not in SIZES:
        raise SpecError(f"size is {size!r}; there are {', '.join(SIZES)}.")
    try:
        import matplotlib as mpl  # noqa: F401 - only asked for
    except ImportError as error:
        raise DependencyError('Sheets need the package matplotlib: pip install "quartiersatlas[paper]"') from error
    columns = {c.id: c for c in map_columns(release)}
    if not columns:
        raise SpecError("The release has no column to draw: release(..., columns=[...]) or need=...")
    if column is not None and column not in columns:
        raise ColumnError.not_found(column, columns, "The map of the release")
    return Sheet(release, columns[column] if column is not None else next(iter(columns.values())), size, lang)


def _style() -> AbstractContextManager[None]:
    """Return matplotlib's own style with ours on top: what a user has set changes no sheet."""
    from matplotlib import style

    return style.context(["default", STYLE])
