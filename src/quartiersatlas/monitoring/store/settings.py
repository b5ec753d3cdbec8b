"""The settings of a store, which a person may change by hand, and the making of an empty one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import choice
from quartiersatlas.base.stores import MARKER, OWNER_FOLDER, marker_of
from quartiersatlas.base.toml import declared, read_toml
from quartiersatlas.catalogue import text
from quartiersatlas.catalogue.texts import LANGUAGES
from quartiersatlas.errors import InputError, SpecError, list_some
from quartiersatlas.monitoring.store.findings import Limits
from quartiersatlas.monitoring.store.folder import make_folder, put_file
from quartiersatlas.monitoring.store.rhythm import RHYTHM, checked_rhythm

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT = 1
SETTINGS, README = "monitor.toml", "README.md"
FORMS = ("parquet", "csv")


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    """``monitor.toml``: what a person may change by hand.

    Parameters
    ----------
    format : int
        Version of the format of the folder.
    files : {"parquet", "csv"}
        How tables are kept.
    rhythm : mapping of str to str
        How often the core indicators, the status of measures and the whole approach are looked at.
    limits : mapping of str to float
        From where a change is asked about; see :class:`Limits`.
    """

    format: int = FORMAT
    files: str = "parquet"
    rhythm: Mapping[str, str] = field(default_factory=lambda: dict(RHYTHM))
    limits: Mapping[str, float] = field(default_factory=dict)

    def to_toml(self) -> bytes:
        """Return the file."""
        lines = [f"format = {self.format}", f'files = "{self.files}"', "", "[rhythm]"]
        lines += [f'{task} = "{every}"' for task, every in self.rhythm.items()]
        lines += ["", "[limits]", *(f"{name} = {value!r}" for name, value in asdict(Limits(**self.limits)).items())]
        return ("\n".join(lines) + "\n").encode()


def make_store(place: Path, settings: StoreSettings) -> None:
    """Make an empty store; its marker comes last, so that a store is one only when it is whole."""
    ours = {SETTINGS, README}
    if place.is_dir():
        foreign = sorted(file.name for file in place.iterdir() if not file.name.startswith(tuple(ours)))
        if foreign:
            raise SpecError(
                f"The folder {str(place)!r} is no store and holds other files: {list_some(foreign)}. Name an empty one."
            )
    elif not place.parent.is_dir():
        raise InputError(f"There is no folder {str(place.parent)!r} to make the store in.")
    make_folder(place)
    with suppress(OSError):  # a disk without owners
        place.chmod(OWNER_FOLDER)
    readme = "\n\n".join(text("monitor_readme", lang) for lang in LANGUAGES) + "\n"
    put_file(place / README, readme.encode())
    put_file(place / SETTINGS, settings.to_toml())
    put_file(place / MARKER, marker_of("monitor", FORMAT))


def read_settings(place: Path) -> StoreSettings:
    """Return the settings of a store whose format this version knows."""
    where = f"{SETTINGS} of {str(place)!r}"
    content = read_toml(place / SETTINGS, "settings of the store")
    if content.get("format") != FORMAT:
        raise SpecError(
            f"In {where}: format {content.get('format')!r} is not known to this version, which reads {FORMAT}. Was the "
            f"store made by a later one? Update the library."
        )
    settings = declared(StoreSettings, content, where)
    choice(settings.files, FORMS, f"{where}: files")
    checked_rhythm(settings.rhythm)
    declared(Limits, settings.limits, f"{where}: limits")
    return settings
