"""Answers of services: is this the whole answer, or did the service stop at its limit and say so?"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from quartiersatlas.base.checks import count_noun
from quartiersatlas.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 1 << 16  # bytes in which the first element of a GML file stands
# what has to stand somewhere in a file before it is worth looking whether the answer was cut
SIGNS = re.compile(rb'"(?:exceededTransferLimit|numberMatched|totalFeatures|next)"')
ROUND_LIMITS = {1000, 2000, 5000, 10_000, 50_000, 100_000}  # after which services stop where nothing else is asked for
ROOT = re.compile(r"<(?![?!])(?:[\w.-]+:)?FeatureCollection\b[^>]*>", re.DOTALL)
MATCHED = re.compile(r"\bnumberMatched\s*=\s*[\"'](\d+)[\"']")
FURTHER = re.compile(r"\bnext\s*=\s*[\"']([^\"']+)[\"']")
RETURNED = re.compile(r"\bnumberReturned\s*=\s*[\"'](\d+)[\"']")
FOLLOW = "fetch the address that it names as the next one, until there is none"
TOTALS = (
    "total_count", "totalCount", "totalResults", "totalElements", "numFound", "total_records", "totalRecords",
    "recordsTotal", "nhits",
)  # fmt: skip
MORE = ("hasMore", "has_more", "hasNext", "has_next", "hasNextPage", "moreResults")
NEXT = (
    "next", "nextLink", "next_link", "nextPage", "next_page", "nextPageUrl", "next_page_url", "next_url", "nextUrl",
    "nextPageToken", "next_page_token", "next_cursor", "nextCursor",
)  # fmt: skip
ABOUT = ("meta", "metadata", "paging", "pagination", "page", "links", "_links")  # where services put what they say


class _Cut(NamedTuple):
    """How many records came, how many there are, the sign of it, and how to get the rest."""

    came: int | None
    all_of_them: int | None
    sign: str
    rest: str


def refuse_cut_answer(content: Any, where: str) -> None:  # noqa: ANN401 - whatever JSON holds
    """Refuse the answer of a service that itself says that there is more than it sent.

    Parameters
    ----------
    content : object
        The answer, as JSON holds it.
    where : str
        The file.

    Raises
    ------
    InputError
        The service names a total above what it sent, a limit that was exceeded, or a next page.
    """
    cut = _cut(content)
    if cut is None:
        return
    came = count_noun(cut.came, "record") if cut.came is not None else "a part of the records"
    of = f" of {cut.all_of_them:,}" if cut.all_of_them is not None else ""
    raise InputError(
        f"{where} is not the whole answer: the service sent {came}{of} and says so ({cut.sign}). Areas would be "
        f"missing without a word. To get the rest, {cut.rest}, and put the answers together in one file."
    )


def refuse_cut_file(path: Path) -> None:
    """Refuse a geometry file, GeoJSON or GML, that says that it is not the whole answer of a service.

    Raises
    ------
    InputError
        The service names more features than the file holds.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        _refuse_cut_gml(head.decode("utf-8", "replace"), path.name)
        return
    raw = path.read_bytes()
    if SIGNS.search(raw):
        try:
            content = json.loads(raw)
        except (ValueError, RecursionError):
            return  # the reader of the geometry says what is wrong
        refuse_cut_answer(content, path.name)


def limit_hint(number: int) -> list[str]:
    """Return a note where the number of records is one at which services stop."""
    if number not in ROUND_LIMITS:
        return []
    return [f"exactly {number:,} records: a number at which services stop; make sure that it is all of them"]


def _refuse_cut_gml(head: str, where: str) -> None:
    root = ROOT.search(head)
    matched, returned, further = (p.search(root[0]) if root else None for p in (MATCHED, RETURNED, FURTHER))
    came = int(returned[1]) if returned else None
    total = int(matched[1]) if matched else None
    if total is not None and came is not None:
        if total <= came:
            return
        sign, rest = "numberMatched", _wfs(came, total)
    elif further is not None:
        sign, rest = "next", FOLLOW
    else:
        return
    sent = count_noun(came, "feature") if came is not None else "a part of the features"
    of = f" of {total:,}" if total is not None else ""
    raise InputError(
        f"{where} is not the whole answer: the service sent {sent}{of} and says so ({sign}). Areas would be missing "
        f"without a word. To get the rest, {rest}, and put the answers together in one file."
    )


def _wfs(came: int, total: int) -> str:
    return f"ask with a higher limit (count={total}), or page by page (startIndex={came}&count={max(came, 1)}, ...)"


def _cut(content: Any) -> _Cut | None:  # noqa: ANN401
    """Return in which way an answer says that it was cut; None where it does not."""
    if isinstance(content, list):
        return _paged_pair(content)
    if not isinstance(content, dict):
        return None
    ways = (_arcgis, _ckan, _odata, _features, _counted, _pages)
    return next((cut for way in ways if (cut := way(content)) is not None), None)


def _arcgis(content: dict[str, Any]) -> _Cut | None:
    properties = content.get("properties")
    inner = properties.get("exceededTransferLimit") if isinstance(properties, dict) else None
    if content.get("exceededTransferLimit") is not True and inner is not True:
        return None
    came = _length(content.get("features"))
    rest = f"ask again with resultOffset={came or 0} and so on, until exceededTransferLimit is gone"
    return _Cut(came, None, "exceededTransferLimit: true", rest)


def _ckan(content: dict[str, Any]) -> _Cut | None:
    result = content.get("result")
    if not isinstance(result, dict) or not isinstance(result.get("records"), list):
        return None
    came, total = len(result["records"]), _count(result.get("total"))
    if result.get("records_truncated") is True:
        return _Cut(came, None, "records_truncated", "ask for fewer columns or in parts (LIMIT and OFFSET)")
    if total is None or total <= came:
        return None
    return _Cut(came, total, "total", f"ask with limit={total}, or page by page (offset={came}, ...)")


def _odata(content: dict[str, Any]) -> _Cut | None:
    d = content.get("d")
    names = ("@odata.nextLink", "odata.nextLink")
    name = next((name for name in names if content.get(name)), None)
    if name is not None:
        came, total = _length(content.get("value")), _count(content.get("@odata.count", content.get("odata.count")))
        return _Cut(came, total, name, FOLLOW)
    if isinstance(d, dict) and d.get("__next"):
        return _Cut(_length(d.get("results")), _count(d.get("__count")), "__next", FOLLOW)
    inside = d if isinstance(d, dict) else content
    pairs = ((content, "value", "@odata.count"), (content, "value", "odata.count"), (inside, "results", "__count"))
    for holder, records, counter in pairs:
        came, total = _length(holder.get(records)), _count(holder.get(counter))
        if came is not None and total is not None and total > came:
            return _Cut(came, total, counter, f"leave $top out, or ask with $skip={came} and so on")
    return None


def _features(content: dict[str, Any]) -> _Cut | None:
    """Return whether a GeoJSON answer of a WFS or of OGC API Features was cut."""
    features = content.get("features")
    if not isinstance(features, list):
        return None
    came = len(features)
    total = _count(content.get("numberMatched"))
    total = _count(content.get("totalFeatures")) if total is None else total
    if total is not None:
        name = "numberMatched" if _count(content.get("numberMatched")) is not None else "totalFeatures"
        return _Cut(came, total, name, _wfs(came, total)) if total > came else None
    links = content.get("links")
    more = [e for e in links if isinstance(e, dict) and e.get("rel") == "next"] if isinstance(links, list) else []
    return _Cut(came, None, "a link to the next page", FOLLOW) if more else None


def _counted(content: dict[str, Any]) -> _Cut | None:
    """Return whether an answer counts more records than it holds."""
    records = [value for value in content.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(records) != 1:
        return None
    came = len(records[0])
    holders = [content, *(content[name] for name in ABOUT if isinstance(content.get(name), dict))]
    for holder in holders:
        for name in TOTALS:
            total = _count(holder.get(name))
            if total is not None and total > came:
                return _Cut(came, total, name, f"use the export of the data set, or ask with offset={came} and so on")
    return None


def _pages(content: dict[str, Any]) -> _Cut | None:
    """Return whether an answer names a next page."""
    records = [value for value in content.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(records) != 1:
        return None
    came, total = len(records[0]), _count(content.get("count"))
    if {"next", "previous"} <= set(content) and total is not None and total > came:
        return _Cut(came, total, "count", FOLLOW)
    for holder in [content, *(content[name] for name in ABOUT if isinstance(content.get(name), dict))]:
        more = next((name for name in MORE if holder.get(name) is True), None)
        following = next((name for name in NEXT if _is_address(holder.get(name))), None)
        if more or following:
            return _Cut(came, total, f"{more}: true" if more else str(following), FOLLOW)
    return None


def _is_address(value: object) -> bool:
    """Return True if a value leads to a next page: an address, or a mark that names it."""
    if isinstance(value, dict):
        value = value.get("href")
    return isinstance(value, str) and bool(value.strip())


def _paged_pair(content: list[Any]) -> _Cut | None:
    """Return whether a pair of a description and a list of records names more pages, as the World Bank writes it."""
    if len(content) != 2 or not isinstance(content[0], dict) or not isinstance(content[1], list):  # noqa: PLR2004
        return None
    pages, total = (_count(content[0].get(name)) for name in ("pages", "total"))
    if pages is None or pages <= 1:
        return None
    return _Cut(len(content[1]), total, f"pages: {pages}", f"ask with per_page={total or 20_000}")


def _count(value: object) -> int | None:
    """Return a number of records, which some services write as text."""
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _length(value: object) -> int | None:
    return len(value) if isinstance(value, list) else None
