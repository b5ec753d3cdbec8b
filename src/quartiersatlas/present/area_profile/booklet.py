"""The profiles of many areas as one booklet: a list of contents, two pages per area, definitions once at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import expects, known_parameters
from quartiersatlas.catalogue import check_lang, text
from quartiersatlas.disclosure.release import by_name
from quartiersatlas.present.area_profile.pages import Around, booklet_document
from quartiersatlas.present.area_profile.record import area_record
from quartiersatlas.present.comparable import earlier_releases
from quartiersatlas.present.look import check_look, worn
from quartiersatlas.present.paper import save_document
from quartiersatlas.present.places.context import fitted_context
from quartiersatlas.present.statements import check_area, check_notes, check_release, note_lines

if TYPE_CHECKING:
    from quartiersatlas.catalogue import Lang
    from quartiersatlas.disclosure import Release
    from quartiersatlas.present.look import Look
    from quartiersatlas.present.places import Context

ENDINGS = (".pdf", ".html", ".docx")


@known_parameters
def profiles(
    release: Release,
    path: str | Path,
    *,
    keys: Iterable[str] | None = None,
    lang: Lang = "de",
    notes: Mapping[str, str | Iterable[str]] | None = None,
    earlier: Release | Iterable[Release] = (),
    context: Context | None = None,
    look: Look | None = None,
) -> Path:
    """Write the profiles of many areas as one booklet.

    Parameters
    ----------
    release : Release
        What leaves.
    path : str or Path
        A ``.pdf``, ``.html`` or ``.docx`` file, written whole or not at all; the same release gives the same bytes.
    keys : iterable of str, optional
        The areas, in this order; every area in which somebody lives by name, if not given.
    lang : {"de", "en"}, default "de"
        Language of everything a reader sees.
    notes : mapping of str to str or iterable of str, optional
        Key of an area -> local knowledge to stand beside its numbers; it changes none.
    earlier : Release or iterable of Release, optional
        Releases of the same city at earlier dates.
    context : Context, optional
        Water, green, roads and names on the maps, see :func:`quartiersatlas.context`.
    look : Look, optional
        Logo, accent, font, office, contact and footer.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ArgumentError
        Something else than a release, or than a path, was given.
    DependencyError
        DOCX and PDF need ``pip install "quartiersatlas[paper]"``.
    InputError
        The folder is not there.
    ReleaseError
        There is no such area, or the ending is none of these.
    SpecError
        The language is unknown, or the earlier releases do not compare.

    Warns
    -----
    UserWarning
        A note contains words that stigmatise (see :func:`quartiersatlas.check_wording`).
    """
    check_release(release, "profiles")
    check_lang(lang)
    expects(path, (str, PathLike), "profiles: path", 'qa.profiles(rel, "steckbriefe.pdf")')
    check_look(look, "profiles")
    if keys is not None:
        expects(keys, Iterable, "profiles: keys", 'keys=["01100101"]')
    if notes is not None:
        expects(notes, Mapping, "profiles: notes", 'notes={"01100101": "A new school opened in 2023."}')
    chosen = _all_keys(release) if keys is None else [keys] if isinstance(keys, str) else list(keys)
    said = {} if notes is None else {key: note_lines(lines) for key, lines in notes.items()}
    for key in (*chosen, *said):
        check_area(release, key)
    for key, lines in said.items():
        check_notes(key, lines, stacklevel=3)
    ground = fitted_context(context, release, "profiles")
    around = Around(earlier_releases(release, earlier, "profiles"), ground, look)
    records = [area_record(release, key, lang, said.get(key, ())) for key in chosen]
    title = text("kind_booklet", lang)
    with worn(look, Path(path).suffix):
        booklet = booklet_document(release, records, lang, around, title)
    return save_document(booklet, path, ENDINGS)


def _all_keys(release: Release) -> list[str]:
    """Return the areas in which somebody lives, by name."""
    return [str(key) for key in by_name(release.areas["name"]) if release.state[key] != "uninhabited"]
