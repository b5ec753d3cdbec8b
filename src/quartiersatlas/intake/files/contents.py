"""What is this file really? Its content is asked, not its name: error pages, pointers and torsos pass no door."""

from __future__ import annotations

import json
import re
import zipfile
from html import unescape
from pathlib import Path
from typing import NamedTuple

from quartiersatlas.errors import InputError

HEAD = 1 << 16  # bytes that tell what a file is
SHOWN = 160  # letters of an error that are shown
SMALL = 1 << 20  # an error is shorter than this

# what a file is called in messages, with its article
NAMES = {
    "empty": "an empty file",
    "pointer": "a pointer to a file that is kept elsewhere (Git LFS or git-annex)",
    "shortcut": "a shortcut to a web page or to another file",
    "companion": "a companion file of macOS or a list of a folder, without the data",
    "error": "the error message of a server",
    "page": "a web page (HTML)",
    "workbook xml": "a workbook of Excel 2003 in XML",
    "xlsx": "an XLSX workbook",
    "xlsb": "an XLSB workbook",
    "ods": "an ODS workbook",
    "xls": "an XLS workbook",
    "protected": "a workbook that is protected with a password",
    "document": "a text document or presentation",
    "pdf": "a PDF document",
    "picture": "a picture",
    "zip": "a zip archive",
    "cut zip": "a zip archive or workbook whose end is missing",
    "cut json": "JSON whose end is missing",
    "cut xml": "XML or GML whose end is missing",
    "lock": "the mark that a workbook is open in a program",
    "web archive": "a web page saved as one file (MHTML)",
    "old workbook": "a workbook of an Excel before 1997",
    "gzip": "a file compressed with gzip",
    "archive": "an archive (tar, 7z, RAR, bzip2, xz, Zstandard)",
    "json": "JSON",
    "topojson": "TopoJSON",
    "gml": "GML",
    "xml": "XML",
    "geopackage": "a GeoPackage or SQLite database",
    "shapefile": "the outlines of a shapefile",
    "flatgeobuf": "FlatGeobuf",
    "parquet": "Parquet",
    "arrow": "a Feather or Arrow file",
    "text": "text, such as CSV",
    "binary": "no text and of no kind that is known here",
}
REPAIRS = {
    "empty": "Fetch it again.",
    "pointer": "Fetch the file itself: 'git lfs pull' (or 'git annex get') in the repository, or the download of its "
    "page.",
    "shortcut": "Open it, download the file it leads to, and pass that one.",
    "companion": "Pass the file without '._' in front of its name; it lies beside it or in the same archive.",
    "error": "Correct the address or the query, or try again later.",
    "page": "Open it in a browser, download the data from there (a login may be needed), and pass that file.",
    "workbook xml": "Open it in a spreadsheet program and save it as .xlsx or .csv.",
    "protected": "Open it in a spreadsheet program and save it without a password.",
    "document": "Copy its table into a spreadsheet and save that as .xlsx or .csv.",
    "pdf": "Ask for the table behind it, or copy it into a spreadsheet and save that as .xlsx or .csv.",
    "picture": "Ask for the data behind it.",
    "cut zip": "The download broke off: fetch it again.",
    "cut json": "The download broke off: fetch it again.",
    "cut xml": "The download broke off: fetch it again.",
    "lock": "Close the workbook there, and pass the file without '~$' or '.~lock.' in front of its name.",
    "web archive": "Open it in a spreadsheet program and save it as .xlsx or .csv.",
    "old workbook": "Open it in a spreadsheet program and save it as .xlsx or .csv.",
    "archive": "Unpack it and pass the file inside.",
    "arrow": "Save it as Parquet or CSV.",
}
NEVER_DATA = frozenset(REPAIRS)  # kinds that no door reads
UNFINISHED = {".crdownload", ".part", ".partial", ".download", ".opdownload", ".icloud"}
BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs", "pointer"),
    (b"/annex/objects/", "pointer"),
    (b"../.git/annex/", "pointer"),
    (b".git/annex/", "pointer"),
    (b"[InternetShortcut]", "shortcut"),
    (b"[{000214A0-0000-0000-C000-000000000046}]", "shortcut"),
    (b"[Desktop Entry]", "shortcut"),
    (b"L\0\0\0\x01\x14\x02\0", "shortcut"),
    (b"book\0\0\0\0mark", "shortcut"),
    (b"bplist00", "shortcut"),
    (b"\0\x05\x16\x07", "companion"),
    (b"\0\x05\x16\0", "companion"),
    (b"\0\0\0\x01Bud1", "companion"),
    *((start, "old workbook") for start in (b"\x09\x08\x08\0", b"\x09\x08\x10\0", b"\x09\x04\x06\0", b"\x09\0\x04\0")),
    (b"MIME-Version:", "web archive"),
    (b"%PDF-", "pdf"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF87a", "picture"),
    (b"GIF89a", "picture"),
    (b"{\\rtf", "document"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"Rar!\x1a\x07", "archive"),
    *((b"BZh%d1AY&SY" % level, "archive") for level in range(1, 10)),
    (b"\xfd7zXZ\0", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"SQLite format 3\0", "geopackage"),
    (b"\0\0\x27\x0a", "shapefile"),
    (b"fgb\x03fgb", "flatgeobuf"),
    (b"PAR1\x15", "parquet"),
    (b"ARROW1\0\0", "arrow"),
)
PAGE = re.compile(
    r"(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|(?:html|head|body|table|script|meta|title|style|div|p|h\d)\b)",
    re.IGNORECASE | re.DOTALL,
)
XML_START = re.compile(r"<\?xml|<[A-Za-z_][\w.-]*(?::[\w.-]+)?(?:\s[^<>]*)?/?>|<!--|<!DOCTYPE", re.IGNORECASE)
ROOT = re.compile(r"<(?![?!])(?:[\w.-]+:)?([\w.-]+)")
ROOT_ALONE = re.compile(r"<(?![?!])[^<>]*/>\s*$")
XML_ERRORS = {"ServiceExceptionReport", "ExceptionReport", "ServiceException", "Error", "error", "Fault", "Envelope"}
JSON_START = re.compile(r"\{\s*[\"}]|\[\s*[\[{\]\"\dntf-]")
JSON_OBJECT = re.compile(r"\{\s*\"[^\"]*\"\s*:|\[\s*\{\s*\"")
TOPOLOGY = re.compile(r'"type"\s*:\s*"Topology"')
TOP = 2000  # letters in which the type of a document stands
# what servers write instead of a file, as one line of text
SAYS_NO = re.compile(
    r"(?:error\W*)?[45]\d\d\b.*|(?:not found|forbidden|access denied|unauthorized|bad (?:request|gateway)|"
    r"internal server error|service unavailable|too many requests|rate limit|permission denied|invalid )\b.*",
    re.IGNORECASE,
)
ONE_LINE = 200  # letters of such a line at most
TAG = re.compile(r"<[^<>]*>")


class Contents(NamedTuple):
    """What a file holds: its kind, and what an error or a page says."""

    kind: str
    says: str = ""

    @property
    def name(self) -> str:
        """What such a file is called, with its article."""
        return NAMES[self.kind]


def what_it_is(path: str | Path) -> Contents:
    """Return what a file holds by its content, whatever its name says.

    Parameters
    ----------
    path : str or Path
        An existing file.

    Returns
    -------
    Contents
        ``kind`` is one of ``"text"``, ``"json"``, ``"xlsx"``, ``"zip"``, ``"page"``, ``"pointer"``, ``"error"``, ...;
        ``says`` is the title of a page, the message of an error or the target of a pointer.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "table.csv"
    >>> _ = file.write_text("<!DOCTYPE html><title>Sign in</title>")
    >>> what_it_is(file)
    Contents(kind='page', says='Sign in')
    """
    path = Path(path)
    if path.name.startswith(("~$", ".~lock.")):
        return Contents("lock")
    with path.open("rb") as file:
        head = file.read(HEAD)
    if len(head) < HEAD and not head.strip(b"\xef\xbb\xbf \t\r\n\0"):
        return Contents("empty")
    return _by_first_bytes(path, head) or _kind_of_text(path, head)


def _by_first_bytes(path: Path, head: bytes) -> Contents | None:
    """Return what a file holds by the bytes it begins with; None for text and what is not known."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Contents(_kind_of_zip(path))
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return Contents(_kind_of_ole(path))
    kind = next((kind for start, kind in BEGINNINGS if head.startswith(start)), None)
    if head == b"PAR1":
        kind = "parquet"
    elif head[257:262] == b"ustar":
        kind = "archive"
    if kind not in ("pointer", "shortcut"):
        return Contents(kind) if kind is not None else None
    text = _decoded(head)
    address = re.search(r"^URL\s*=\s*(\S+)", text, re.MULTILINE)
    return Contents(kind, address[1] if address else "" if "\0" in text else _shortened(text))


def refuse_stand_ins(path: Path, what: str) -> Contents:
    """Return what a file holds, or refuse what stands in the place of the data.

    Raises
    ------
    InputError
        An error page, a pointer, a shortcut, a broken download, a protected workbook, a document; the message says
        what the file really is and what to do.
    """
    if path.suffix.lower() in UNFINISHED:
        raise InputError(
            f"{path.name} is an unfinished download by its name. Let the browser finish it, or fetch it again."
        )
    contents = what_it_is(path)
    if contents.kind in NEVER_DATA:
        raise refused(path.name, contents, what)
    return contents


def refused(name: str, contents: Contents, what: str) -> InputError:
    """Return the error that says what a file is instead of what it was taken for."""
    says = f" It says: {contents.says!r}." if contents.says else ""
    repair = REPAIRS.get(contents.kind, "Pass a file of one of the kinds that are read here.")
    if contents.kind == "empty":
        return InputError(f"{name} is empty: there is no {what} in it. {repair}")
    return InputError(f"{name} is {contents.name} and no {what}.{says} {repair}")


def _kind_of_zip(path: Path) -> str:
    """Return which kind of package an archive is."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            first = archive.read("mimetype")[:200] if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError):
        return "cut zip"
    if b"opendocument.spreadsheet" in first:
        return "ods"
    if b"opendocument" in first or any(name.startswith(("word/", "ppt/")) for name in names):
        return "document"
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return "xlsb" if "xl/workbook.bin" in names else "xlsx"
    return "zip"


def _kind_of_ole(path: Path) -> str:
    """Return which kind of document an older file of an office program is."""
    content = path.read_bytes()
    holds = {name: name.encode("utf-16-le") in content for name in ("EncryptedPackage", "WordDocument", "PowerPoint")}
    if holds["EncryptedPackage"]:
        return "protected"
    is_workbook = any(name.encode("utf-16-le") + b"\0\0" in content for name in ("Workbook", "Book"))
    return "document" if not is_workbook and (holds["WordDocument"] or holds["PowerPoint"]) else "xls"


def _kind_of_text(path: Path, head: bytes) -> Contents:
    text = _decoded(head).lstrip()
    if "\0" in text[:1000]:
        return Contents("binary")
    if PAGE.match(text):
        return Contents("page", _title(text))
    if text.startswith("<") and XML_START.match(text) and (text.startswith("<?xml") or _tail(path).endswith(b">")):
        return _kind_of_xml(path, text)
    if JSON_START.match(text):
        return _kind_of_json(path, text)
    if "Content-Type: multipart/related" in text[:2000]:
        return Contents("web archive")
    line = text.strip()
    says_no = len(line) <= ONE_LINE and "\n" not in line and not set(line) & set(";\t|") and SAYS_NO.fullmatch(line)
    return Contents("error", line) if says_no else Contents("text")


def _kind_of_json(path: Path, text: str) -> Contents:
    if _ends_like_json(path, text):
        error = json_error(path)
        kind = "topojson" if TOPOLOGY.search(text[:TOP]) else "json"
        return Contents("error", error) if error else Contents(kind)
    return Contents("cut json" if JSON_OBJECT.match(text) else "text")


def _kind_of_xml(path: Path, text: str) -> Contents:
    root = ROOT.search(text)
    name = root[1] if root is not None else ""
    if "urn:schemas-microsoft-com:office:spreadsheet" in text or 'progid="Excel.Sheet"' in text:
        return Contents("workbook xml")
    if name in XML_ERRORS and path.stat().st_size < SMALL:
        return Contents("error", _shortened(unescape(TAG.sub(" ", text))))
    if name.encode() not in _closing(path) and not ROOT_ALONE.search(text):
        return Contents("cut xml")
    if "<plist" in text[:1000] and "<key>URL</key>" in text:
        return Contents("shortcut", _shortened(TAG.sub(" ", text)))
    is_gml = "opengis.net/gml" in text or "opengis.net/wfs" in text or "FeatureCollection" in text[:4000]
    return Contents("gml" if is_gml else "xml")


def _closing(path: Path) -> bytes:
    """Return what closes an XML file: its last tag, without comments behind it."""
    tail = re.sub(rb"<!--.*?-->", b"", _tail(path), flags=re.DOTALL)
    return tail[max(tail.rfind(b"</"), 0) :] if tail.rstrip().endswith(b">") else b""


def _ends_like_json(path: Path, text: str) -> bool:
    """Return True if the last letter closes what the first one opened."""
    return _tail(path).endswith(b"}" if text.startswith("{") else (b"]", b"}"))


def _tail(path: Path) -> bytes:
    """Return the last bytes of a file without blanks."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - 1000, 0))
        return file.read().rstrip(b"\0 \t\r\n")


def json_error(path: Path) -> str:
    """Return the error message of a service that answers in JSON; empty where the file is no such answer."""
    if path.stat().st_size > SMALL:
        return ""
    try:
        content = json.loads(_decoded(path.read_bytes()))
    except (ValueError, RecursionError):
        return ""
    return _error_in(content) if isinstance(content, dict) else ""


def _error_in(content: dict[str, object]) -> str:
    """Return what an object says in the place where services put errors: instead of the data, not beside them."""
    error = next((content[name] for name in ("error", "errors", "exceptions", "fault") if content.get(name)), None)
    holds_lists = any(isinstance(value, list) and value for name, value in content.items() if name not in ERROR_LISTS)
    if error is None and content.get("success") is False:
        error = content
    says = {"message", "detail", "title", "error_description"} & set(content)
    if error is None and says and not holds_lists and set(content) <= ERROR_NAMES:
        error = content
    if error is None or holds_lists or (isinstance(error, list | dict) and _is_table_like(error)):
        return ""
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        error = error["message"]
    return _shortened(json.dumps(error, ensure_ascii=False) if not isinstance(error, str) else error)


ERROR_LISTS = {"errors", "exceptions", "error", "details"}
ERROR_NAMES = {
    "message", "code", "status", "statusCode", "type", "title", "detail", "details", "timestamp", "path", "request_id",
    "requestId", "error_code", "errorCode", "documentation_url",
}  # fmt: skip


def _is_table_like(error: object) -> bool:
    """Return True if what is called an error holds numbers by area, such as the margins of error of a census."""
    values = list(error.values()) if isinstance(error, dict) else error
    return isinstance(values, list) and len(values) > 1 and all(isinstance(v, int | float) for v in values)


def _title(text: str) -> str:
    tags = (re.search(rf"<{tag}\b[^>]*>([^<]*)", text, re.IGNORECASE) for tag in ("title", "h1"))
    found = next((tag for tag in tags if tag), None)
    return _shortened(unescape(found[1])) if found else ""


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        cut = error.start >= len(raw) - 4  # a letter of several bytes that the head cuts
        return raw.decode("utf-8-sig", "replace") if cut else raw.decode("cp1252", "replace")
