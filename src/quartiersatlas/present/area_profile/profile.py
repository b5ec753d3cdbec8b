"""The profile of one area: what is known of it, beside its district and the city, on two pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from quartiersatlas.base.checks import choice, known_parameters
from quartiersatlas.catalogue import check_lang
from quartiersatlas.present.area_profile.pages import Around, profile_document
from quartiersatlas.present.area_profile.record import area_record, comparison_record
from quartiersatlas.present.comparable import earlier_releases
from quartiersatlas.present.look import Look, check_look, worn
from quartiersatlas.present.paper import docx_bytes, html_text, markdown_text, save_document
from quartiersatlas.present.places.context import fitted_context
from quartiersatlas.present.statements import check_area, check_notes, check_release, note_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.present.paper import Document
    from quartiersatlas.present.places import Context

Format = Literal["html", "markdown", "docx", "dict"]
ENDINGS = (".html", ".md", ".docx", ".pdf")


@overload
def profile(
    release: Release,
    key: str,
    *,
    lang: Lang = ...,
    format: None = ...,
    notes: str | Iterable[str] = ...,
    compare_with: Release | None = ...,
    force: bool = ...,
    earlier: Release | Iterable[Release] = ...,
    context: Context | None = ...,
    look: Look | None = ...,
) -> Profile: ...


@overload
def profile(
    release: Release,
    key: str,
    *,
    lang: Lang = ...,
    format: Format,
    notes: str | Iterable[str] = ...,
    compare_with: Release | None = ...,
    force: bool = ...,
    earlier: Release | Iterable[Release] = ...,
    context: Context | None = ...,
    look: Look | None = ...,
) -> Any: ...  # noqa: ANN401 - text, bytes or a dictionary, as the format says


@known_parameters
def profile(
    release: Release,
    key: str,
    *,
    lang: Lang = "de",
    format: Format | None = None,  # noqa: A002 - the word a user looks for
    notes: str | Iterable[str] = (),
    compare_with: Release | None = None,
    force: bool = False,
    earlier: Release | Iterable[Release] = (),
    context: Context | None = None,
    look: Look | None = None,
) -> Any:
    """Describe one area from what is released of it.

    Parameters
    ----------
    release : Release
        What leaves.
    key : str
        The area.
    lang : {"de", "en"}, default "de"
        Language of everything a reader sees.
    format : {"html", "markdown", "docx", "dict"}, optional
        Return the profile in this form at once; the :class:`Profile`, if not given.
    notes : str or iterable of str
        Local knowledge to stand beside the numbers; it changes none.
    compare_with : Release, optional
        Another release with the same area: another date.
    force : bool, default False
        Compare although definitions or the area's outline differ; the profile then says so.
    earlier : Release or iterable of Release, optional
        Releases of the same city at earlier dates: the development of the first indicator.
    context : Context, optional
        Water, green, roads and names on the map, see :func:`quartiersatlas.context`.
    look : Look, optional
        Logo, accent, font, office, contact and footer.

    Returns
    -------
    Profile, str, bytes or dict
        Indicators beside the values of the districts and of the city, with footnotes; hidden cells in words; class and
        score with what drives them; reasons of the selection; potentials; fields of action; notes; the comment.

    Raises
    ------
    ArgumentError
        Something else than a release was given.
    DependencyError
        DOCX needs ``pip install "quartiersatlas[paper]"``.
    ReleaseError
        There is no such area in one of the releases, or they have no indicator in common.
    SpecError
        The two releases differ in a definition, a unit or the area's outline; language or format are unknown; or the
        earlier releases do not compare, or would give protected values away together with this one.

    Warns
    -----
    UserWarning
        A note contains words that stigmatise (see :func:`quartiersatlas.check_wording`).

    Notes
    -----
    The value of a district is the sum of its areas' shown numerators over the sum of their shown denominators; where
    some are not shown, their number stands with it. A bundle of action is named where one of the indicators that point
    to it is on the side of higher need than the city and at most a fifth of the shown areas are as high.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import shapely
    >>> import quartiersatlas as qa
    >>> shapes = [shapely.box(x, 0, x + 1000, 1000) for x in (0, 1000, 2000)]
    >>> areas = gpd.GeoDataFrame({"name": ["A", "B", "C"]}, index=["1", "2", "3"], geometry=shapes, crs="EPSG:25832")
    >>> table = pd.DataFrame({"poor": [300.0, 260, 90], "residents": [1000.0] * 3}, index=areas.index)
    >>> data = qa.add_rates(qa.join(areas, table), {"poverty": ("poor", "residents")})
    >>> release = qa.release(data, title="Poverty")
    >>> qa.profile(release, "1")
    Profile of A (1): 1 of 1 indicators shown
    >>> qa.profile(release, "1", format="dict")["indicators"][0]["difference"]
    8.3
    """
    check_release(release, "profile")
    check_lang(lang)
    choice(format, (None, "html", "markdown", "docx", "dict"), "format")
    check_area(release, key)
    check_look(look, "profile")
    notes = note_lines(notes)
    check_notes(key, notes, stacklevel=3)
    record = area_record(release, key, lang, notes)
    if compare_with is not None:
        check_release(compare_with, "profile: compare_with")
        record["comparison"] = comparison_record(release, compare_with, key, lang, force=force)
    ground = fitted_context(context, release, "profile")
    around = Around(earlier_releases(release, earlier, "profile"), ground, look)
    found = Profile(record, release, lang, around)
    match format:
        case "html":
            return found.html()
        case "markdown":
            return found.markdown()
        case "docx":
            return found.docx()
        case "dict":
            return record
    return found


@dataclass(frozen=True, eq=False)
class Profile:
    """The profile of an area.

    Parameters
    ----------
    record : dict
        Everything it says, as plain numbers and texts, ready for JSON.
    release : Release
        What leaves.
    lang : {"de", "en"}
        Language of everything a reader sees.
    around : Around
        What stands around the numbers: earlier dates, the ground below the map, the look of an office.
    """

    record: dict[str, Any]
    release: Release
    lang: Lang
    around: Around

    def document(self, ending: str) -> Document:
        """Return the same, worded and set, with its pictures as a file of this ending has them."""
        with worn(self.around.look, ending):
            return profile_document(self.release, self.record, self.lang, self.around)

    def html(self) -> str:
        """Return the profile as one HTML page."""
        return html_text(self.document(".html"))

    def markdown(self) -> str:
        """Return the profile as Markdown."""
        return markdown_text(self.document(".md"))

    def docx(self) -> bytes:
        """Return the profile as a DOCX file."""
        return docx_bytes(self.document(".docx"))

    def save(self, path: str | Path) -> Path:
        """Write the profile as its ending says; whole or not at all.

        Parameters
        ----------
        path : str or Path
            An ``.html``, ``.md``, ``.docx`` or ``.pdf`` file.

        Returns
        -------
        Path
            The file. The same profile gives the same bytes.

        Raises
        ------
        DependencyError
            DOCX and PDF need ``pip install "quartiersatlas[paper]"``.
        InputError
            The folder is not there.
        ReleaseError
            The ending is none of these.
        """
        return save_document(self.document(Path(path).suffix), path, ENDINGS)

    def _repr_html_(self) -> str:
        from html import escape

        name = escape(self.record["name"])
        return (
            f'<iframe srcdoc="{escape(self.html())}" style="width:100%;height:640px;border:0" title="{name}"></iframe>'
        )

    def __repr__(self) -> str:
        known = sum(record["value"] is not None for record in self.record["indicators"])
        return (
            f"Profile of {self.record['name']} ({self.record['key']}): "
            f"{known} of {len(self.record['indicators'])} indicators shown"
        )
