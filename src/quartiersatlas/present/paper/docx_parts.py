"""Parts of a DOCX for which python-docx has no call: pictures with words, fields, contents, bookmarks, light lines."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

LINE = "C9C9C4"


def element(tag: str, **attributes: str) -> Any:  # noqa: ANN401 - lxml
    """Return an element of Word's own name space."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(f"w:{tag}")
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    return made


def add_picture(
    paragraph: Any,  # noqa: ANN401
    content: bytes,
    words: str,
    *,
    width: float | None = None,
    height: float | None = None,
    name: str = "",
) -> None:
    """Add a picture of a width or height in mm, with the words for who does not see it."""
    from docx.shared import Mm

    size = {"width": width and Mm(width), "height": height and Mm(height)}
    picture = paragraph.add_run().add_picture(BytesIO(content), **size)
    for side in "TBLR":  # without them LibreOffice leaves 3 mm around a picture
        picture._inline.set(f"dist{side}", "0")  # noqa: SLF001
    described = picture._inline.docPr  # noqa: SLF001
    described.set("descr", words)
    if name:
        described.set("name", name)


def add_field(paragraph: Any, instruction: str, shown: str) -> list[Any]:  # noqa: ANN401
    """Add a field with what it shows until it is updated; return its runs."""
    runs = begin, said, apart, result, end = [paragraph.add_run() for _ in range(5)]
    for run, kind in ((begin, "begin"), (apart, "separate"), (end, "end")):
        run._r.append(element("fldChar", fldCharType=kind))  # noqa: SLF001
    code = element("instrText")
    code.text = instruction
    code.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    said._r.append(code)  # noqa: SLF001
    result.text = shown
    return runs


def add_bookmark(run: Any, number: int) -> None:  # noqa: ANN401
    """Mark a heading, so that the list of contents leads to it."""
    run._r.addprevious(element("bookmarkStart", id=str(number), name=f"_Toc{number:06d}"))  # noqa: SLF001
    run._r.addnext(element("bookmarkEnd", id=str(number)))  # noqa: SLF001


def add_contents(place: Any, headings: Sequence[tuple[int, int, str]]) -> None:  # noqa: ANN401
    """Add a list of contents with its entries, each leading to its heading; Word can update it."""
    lowest = min((level for _, level, _ in headings), default=2)
    deepest = max((level for _, level, _ in headings), default=2)
    for position, (number, level, words) in enumerate(headings):
        paragraph = place.add_paragraph(style=f"toc {min(level - lowest + 1, 2)}")
        if position == 0:
            code = element("instrText")
            code.text = f' TOC \\o "{lowest}-{deepest}" \\n \\h '
            for part in (element("fldChar", fldCharType="begin"), code, element("fldChar", fldCharType="separate")):
                paragraph.add_run()._r.append(part)  # noqa: SLF001
        link = element("hyperlink", anchor=f"_Toc{number:06d}", history="1")
        run = paragraph.add_run(words)
        link.append(run._r)  # noqa: SLF001
        paragraph._p.append(link)  # noqa: SLF001
        if position == len(headings) - 1:
            paragraph.add_run()._r.append(element("fldChar", fldCharType="end"))  # noqa: SLF001


def shade(paragraph: Any, color: str) -> None:  # noqa: ANN401
    """Put a colour behind a paragraph."""
    paragraph._p.get_or_add_pPr().append(element("shd", val="clear", color="auto", fill=color))  # noqa: SLF001


def set_lines(table: Any) -> None:  # noqa: ANN401
    """Give a table light lines below its rows."""
    borders = element("tblBorders")
    for side in ("top", "bottom", "insideH"):
        borders.append(element(side, val="single", sz="4", space="0", color=LINE))
    table._tbl.tblPr.append(borders)  # noqa: SLF001


def set_row(row: Any, *, is_head: bool = False) -> None:  # noqa: ANN401
    """Keep a row on one page; repeat the head on every page."""
    properties = row._tr.get_or_add_trPr()  # noqa: SLF001
    properties.append(element("cantSplit", val="true"))
    if is_head:
        properties.append(element("tblHeader", val="true"))


def add_seamless_table(place: Any, widths: Sequence[float]) -> list[Any]:  # noqa: ANN401
    """Return cells side by side, of widths in mm, without lines and margins."""
    from docx.shared import Mm

    is_file = hasattr(place, "core_properties")
    table = place.add_table(rows=1, cols=len(widths)) if is_file else place.add_table(1, len(widths))
    table.autofit = False
    margins = element("tblCellMar")
    for side in ("left", "right"):
        margins.append(element(side, w="0", type="dxa"))
    table._tbl.tblPr.append(margins)  # noqa: SLF001
    cells = list(table.rows[0].cells)
    for column, cell, width in zip(table.columns, cells, widths, strict=True):
        column.width = cell.width = Mm(width)
    return cells
