"""Systems of area keys as declared data: levels by prefix, vintages, the system of given keys; INSPIRE grid cells."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from quartiersatlas.base.checks import choice, count_noun, expects
from quartiersatlas.base.toml import array, declared, table
from quartiersatlas.catalogue.texts import pick
from quartiersatlas.errors import ArgumentError, KeyColumnError, SpecError, list_some

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from quartiersatlas.catalogue.texts import Lang

FITS = 0.95  # share of keys from which a set of keys belongs to a system: totals rows and strays do not count


@dataclass(frozen=True, kw_only=True)
class KeyLevel:
    """A level of a key system.

    Parameters
    ----------
    id : str
        Short name, such as ``"kreis"``.
    label_de, label_en : str
        What a reader sees.
    length : int
        Leading characters of a finer key that are the key of this level; 0 where keys have no parts.
    pattern : str
        Regular expression of a whole key of this level.
    """

    id: str
    label_de: str
    label_en: str
    length: int
    pattern: str

    def label(self, lang: Lang) -> str:
        """Return the label in German or English."""
        return pick(lang, self.label_de, self.label_en)


@dataclass(frozen=True, kw_only=True, eq=False)
class KeyVintage:
    """A vintage of a key system.

    Parameters
    ----------
    id : str
        Such as ``"2021"``.
    areas : mapping of str to int
        Level -> number of areas, where it is known.
    source : str
        Where the number comes from.
    pattern : str
        Regular expression of its keys, at any level; empty where the codes do not show the vintage.
    """

    id: str
    areas: Mapping[str, int]
    source: str
    pattern: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class KeySystem:
    """A system of area keys; a key is (system, vintage, code).

    Parameters
    ----------
    id : str
        Short name, such as ``"ags"``.
    label_de, label_en : str
        What a reader sees.
    source : str
        Who defines the keys.
    levels : tuple of KeyLevel
        From the coarsest to the finest.
    vintages : tuple of KeyVintage
        From the oldest to the newest, as far as they are known.
    remark : str
        What to know when joining.
    """

    id: str
    label_de: str
    label_en: str
    source: str
    levels: tuple[KeyLevel, ...]
    vintages: tuple[KeyVintage, ...] = ()
    remark: str = ""

    def label(self, lang: Lang) -> str:
        """Return the label in German or English."""
        return pick(lang, self.label_de, self.label_en)

    def level(self, name: str) -> KeyLevel:
        """Return a level by name; an unknown one is refused with the names there are."""
        by_id = {level.id: level for level in self.levels}
        choice(name, by_id, f"level of {self.id!r}")
        return by_id[name]


@dataclass(frozen=True)
class KeyVintages:
    """The system that keys belong to, and its vintages that they may belong to.

    Parameters
    ----------
    system : str
        Name of the system.
    vintages : tuple of str
        One, or several where their codes look alike.
    """

    system: str
    vintages: tuple[str, ...] = field(default_factory=tuple)

    def __str__(self) -> str:
        return f"{self.system.upper()} {' or '.join(self.vintages)}".strip()


@cache
def systems() -> dict[str, KeySystem]:
    """Return all declared key systems by name."""
    content = tomllib.loads(files("quartiersatlas.catalogue").joinpath("keys.toml").read_text(encoding="utf-8"))
    return {name: _system(name, entry) for name, entry in content.items()}


def key_systems() -> pd.DataFrame:
    """List the known systems of area keys.

    Returns
    -------
    DataFrame
        One row per system and level, coarsest first: system, level, label_de, label_en, length (leading characters of
        a finer key; 0 where keys have no parts), pattern, areas (vintage -> number of areas, where known), remark,
        source.

    Examples
    --------
    >>> table = key_systems()
    >>> table.loc[table["system"] == "ags", ["level", "length"]].to_numpy().tolist()
    [['land', 2], ['regierungsbezirk', 3], ['kreis', 5], ['gemeinde', 8]]
    """
    import pandas as pd

    rows = [
        {
            "system": system.id,
            "level": level.id,
            "label_de": f"{system.label_de}: {level.label_de}",
            "label_en": f"{system.label_en}: {level.label_en}",
            "length": level.length,
            "pattern": level.pattern,
            "areas": {one.id: one.areas[level.id] for one in system.vintages if level.id in one.areas},
            "remark": system.remark,
            "source": system.source,
        }
        for system in systems().values()
        for level in system.levels
    ]
    return pd.DataFrame(rows)


def recognise_keys(keys: Iterable[str]) -> pd.DataFrame:
    """List the key systems that a set of keys may belong to.

    Parameters
    ----------
    keys : list of str
        Keys as text; leading zeros matter. Duplicates count once.

    Returns
    -------
    DataFrame
        One row per system and level that at least one key fits, the best first (of equals the narrower system):
        system, level, share of the keys that fit (0 to 1), n_keys, vintages (tuple of those whose codes at least
        95 % of the keys fit; empty where the codes do not show it) and n_known (the number of areas of each of these).

    Raises
    ------
    KeyColumnError
        There are no keys, or they are not text.
    ArgumentError
        The keys are no list.

    Examples
    --------
    >>> recognise_keys(["01100101", "01100102", "12601235"])[["system", "level", "vintages"]].loc[0].tolist()
    ['lor', 'plr', ('2021',)]
    """
    import pandas as pd

    unique = _as_keys(keys, "recognise_keys")
    rows = []
    for system in systems().values():
        for level in system.levels:
            share = _share(level.pattern, unique)
            if share > 0:
                vintages = [one for one in system.vintages if one.pattern and _share(one.pattern, unique) >= FITS]
                known = {one.id: one.areas[level.id] for one in vintages if level.id in one.areas}
                names = tuple(one.id for one in vintages)
                rows.append((system.id, level.id, share, len(unique), names, known))
    columns = ["system", "level", "share", "n_keys", "vintages", "n_known"]
    found = pd.DataFrame(rows, columns=columns)
    return found.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def vintages_of(keys: Iterable[str]) -> KeyVintages | None:
    """Return the system and its vintages that at least 95 % of the keys fit; None where the codes do not show it.

    Examples
    --------
    >>> str(vintages_of(["01011101", "12103117"]))
    'LOR 2006 or 2019'
    >>> vintages_of(["E01000001"]) is None
    True
    """
    unique = _as_keys(keys, "vintages_of")
    for system in _systems_of(unique):
        fitting = tuple(one.id for one in system.vintages if one.pattern and _fits(one.pattern, unique))
        if fitting:
            return KeyVintages(system.id, fitting)
    return None


def mixed_vintages(keys: Iterable[str]) -> dict[str, list[str]]:
    """Return the keys of a system by vintage where there are several; empty where there is one, or none is recognised.

    Examples
    --------
    >>> mixed_vintages(["01011101", "01011102", "01100101"])
    {'LOR 2006 or 2019': ['01011101', '01011102'], 'LOR 2021': ['01100101']}
    """
    unique = _as_keys(keys, "mixed_vintages")
    for system in _systems_of(unique):
        if any(one.pattern and _fits(one.pattern, unique) for one in system.vintages):
            return {}
        groups: dict[str, list[str]] = {}
        for key in unique:
            names = tuple(one.id for one in system.vintages if one.pattern and re.fullmatch(one.pattern, key))
            groups.setdefault(str(KeyVintages(system.id, names)) if names else "", []).append(key)
        recognised = {name: members for name, members in groups.items() if name}
        if len(recognised) > 1 and sum(map(len, recognised.values())) >= FITS * len(unique):
            return recognised
    return {}


def parent_keys(keys: Iterable[str], system: str, level: str) -> pd.Series[str]:
    """Return the keys of a higher level, which are the first characters of the keys.

    Parameters
    ----------
    keys : list of str
        Keys of one system, all of a level at least as fine as the one asked for.
    system : str
        Name of the system: see :func:`key_systems`.
    level : str
        Name of the level.

    Returns
    -------
    Series of str
        Key -> key of the higher level.

    Raises
    ------
    SpecError
        The system or the level is not known, or its keys have no parts.
    KeyColumnError
        Keys do not fit the system, or are of a higher level themselves.
    ArgumentError
        The keys are no list.

    Examples
    --------
    >>> parent_keys(["05315000", "09162000"], "ags", "kreis").to_dict()
    {'05315000': '05315', '09162000': '09162'}
    """
    import pandas as pd

    texts = _key_list(keys, "parent_keys")
    choice(system, systems(), "system")
    declared_system = systems()[system]
    wanted = declared_system.level(level)
    if not wanted.length:
        raise SpecError(f"Keys of {system!r} have no parts: a higher level cannot be read from them.")
    finer = [one for one in declared_system.levels if one.length >= wanted.length]
    index = pd.Index(texts, name="key", dtype=object)
    wrong = [key for key in texts if not isinstance(key, str) or not any(re.fullmatch(o.pattern, key) for o in finer)]
    if wrong:
        raise KeyColumnError(
            f"{len(wrong)} of {count_noun(len(texts), 'key')} {'is no key' if len(wrong) == 1 else 'are no keys'} of "
            f"{system!r} from level {level!r} on: {list_some(wrong)}. Were leading zeros lost? All of them: err.keys",
            map(str, wrong),
        )
    return pd.Series([key[: wanted.length] for key in texts], index=index, name=level, dtype=object)


def ags_from_ars(keys: Iterable[str]) -> pd.Series[str]:
    """Return the municipality keys (AGS, 8 digits) of regional keys (ARS, 12 digits).

    Parameters
    ----------
    keys : list of str
        Regional keys of municipalities.

    Returns
    -------
    Series of str
        ARS -> AGS: the first five and the last three digits, without the association of municipalities between them.

    Raises
    ------
    KeyColumnError
        Keys are not regional keys of municipalities.
    ArgumentError
        The keys are no list.

    Examples
    --------
    >>> ags_from_ars(["010575739022"]).tolist()
    ['01057022']
    """
    whole = parent_keys(_key_list(keys, "ags_from_ars"), "ars", "gemeinde")
    return (whole.str[:5] + whole.str[9:]).rename("ags")


def _systems_of(keys: list[str]) -> list[KeySystem]:
    """Return the systems that keys fit and whose codes show the vintage."""
    dated = [system for system in systems().values() if any(one.pattern for one in system.vintages)]
    return [system for system in dated if any(_fits(level.pattern, keys) for level in system.levels)]


def _fits(pattern: str, keys: list[str]) -> bool:
    """Return True if enough keys fit; of keys that do not, few are looked at."""
    fits = re.compile(pattern).fullmatch
    allowed = len(keys) - FITS * len(keys)
    misses = 0
    for key in keys:
        if fits(key) is None:
            misses += 1
            if misses > allowed:
                return False
    return True


def _share(pattern: str, keys: list[str]) -> float:
    fits = re.compile(pattern).fullmatch
    return sum(fits(key) is not None for key in keys) / len(keys)


def _key_list(keys: Iterable[str], call: str) -> list[str]:
    """Return keys as a list; one key alone is one key, not its characters."""
    if isinstance(keys, str):
        return [keys]
    expects(keys, Iterable, call, "keys = areas.index")
    if hasattr(keys, "columns"):
        raise ArgumentError(f"{call} takes a list of keys, not a {type(keys).__name__}: keys = areas.index.")
    return list(keys)


def _as_keys(keys: Iterable[str], call: str) -> list[str]:
    """Return each key once; there must be some, and all must be text."""
    unique = list(dict.fromkeys(_key_list(keys, call)))
    if not unique:
        raise KeyColumnError("There are no keys.")
    others = [key for key in unique if not isinstance(key, str)]
    if others:
        raise KeyColumnError(
            f"{count_noun(len(others), 'key is', 'keys are')} not text: {list_some(others)}. "
            f"Read them as text: leading zeros matter.",
            map(str, others),
        )
    return unique


def _system(name: str, entry: object) -> KeySystem:
    where = f"key system {name!r}"
    content = dict(table(entry, where))
    levels = tuple(declared(KeyLevel, table(one, where), where) for one in array(content.pop("levels", None), where))
    vintages = array(content.pop("vintages", []), where)
    return declared(
        KeySystem,
        {
            **content,
            "id": name,
            "levels": levels,
            "vintages": tuple(declared(KeyVintage, table(one, where), where) for one in vintages),
        },
        where,
    )


CODE = re.compile(r"((?:[A-Z]{2}_)?CRS3035RES)?(\d+)(k?m)N(\d+)E(\d+)")  # long, size, unit, northing, easting


def inspire_cells(ids: Iterable[str]) -> pd.DataFrame:
    """Read the codes of INSPIRE grid cells.

    Parameters
    ----------
    ids : list of str
        Codes such as ``"CRS3035RES100mN2684000E4334100"`` (with or without a country such as ``"DE_"`` before them) or
        the short ``"100mN26840E43341"`` and ``"1kmN2684E4334"``.

    Returns
    -------
    DataFrame
        One row per code, in the given order, on the codes: ``x``, ``y`` of the lower left corner in metres of
        EPSG:3035, and ``cell_size`` in metres.

    Raises
    ------
    KeyColumnError
        An entry is no code of a grid cell, or its corner is not on the grid of its size.
    ArgumentError
        The codes are no list.

    Notes
    -----
    Short codes leave out the zeros: of as many digits as the cell size in metres has zeros at its end [1]_. The long
    code has the northing and the easting of the lower left corner in metres [2]_.

    References
    ----------
    .. [1] INSPIRE Data Specification on Geographical Grid Systems - Technical Guidelines, coding system.
    .. [2] Regulation (EU) 2018/1799, article 3; Regulation (EU) No 1089/2010, annex II.

    Examples
    --------
    >>> inspire_cells(["100mN26840E43341", "CRS3035RES1000mN2684000E4334000"]).to_numpy().tolist()
    [[4334100, 2684000, 100], [4334000, 2684000, 1000]]
    """
    import pandas as pd

    codes = _key_list(ids, "inspire_cells")
    found = [CODE.fullmatch(code.strip()) if isinstance(code, str) else None for code in codes]
    wrong = [str(code) for code, match in zip(codes, found, strict=True) if match is None]
    if wrong:
        verb = "is" if len(wrong) == 1 else "are"
        raise KeyColumnError(
            f"{len(wrong)} of {count_noun(len(codes), 'entry', 'entries')} {verb} no code of an INSPIRE grid cell: "
            f"{list_some(wrong)}. Expected: 'CRS3035RES100mN2684000E4334100' or short '100mN26840E43341'. "
            f"All of them: err.keys",
            wrong,
        )
    parts = pd.DataFrame([match.groups() for match in found if match], columns=["long", "size", "unit", "y", "x"])
    size = parts["size"].astype("int64") * parts["unit"].map({"m": 1, "km": 1000})
    zeros = {one: 10 ** (len(str(one)) - len(str(one).rstrip("0"))) for one in size.unique()}
    factor = size.map(zeros).where(parts["long"].isna(), 1)
    cells = pd.DataFrame(
        {"x": parts["x"].astype("int64") * factor, "y": parts["y"].astype("int64") * factor, "cell_size": size}
    ).astype("int64")
    misses = (cells["x"] % size).ne(0) | (cells["y"] % size).ne(0)
    off = [codes[i] for i in misses.index[misses]]
    if off:
        raise KeyColumnError(
            f"{count_noun(len(off), 'code names', 'codes name')} a corner off the grid of the cell size: "
            f"{list_some(off)}. "
            f"All of them: err.keys",
            off,
        )
    return cells.set_index(pd.Index(codes, name="cell", dtype=object))
