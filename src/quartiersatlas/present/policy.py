"""The content security policy of every HTML file that is written: it loads nothing and runs only our scripts."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
NO_SCRIPT = "script-src 'none'"
FIXED = (
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    "font-src data:",
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
)


def with_policy(page: str, scripts: Iterable[str] = ()) -> str:
    """Return a page whose head begins with its encoding and its policy.

    Parameters
    ----------
    page : str
        A whole page.
    scripts : iterable of str
        What may run: the text of script elements, to the letter. Text from data never belongs here, and is not looked
        for in the page: a script that somebody planted there would be allowed with the others.

    Returns
    -------
    str
        The page.

    Examples
    --------
    >>> page = with_policy("<html><head></head><body><script>alert(1)</script></body></html>")
    >>> "script-src 'none'" in page
    True
    """
    allowed = " ".join(dict.fromkeys(f"'sha256-{_digest(script)}'" for script in scripts))
    policy = "; ".join([f"script-src {allowed}" if allowed else NO_SCRIPT, *FIXED])
    head = f'<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return page.replace("<head>", head, 1)


def _digest(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode("ascii")


def inline_scripts(html: str) -> list[str]:
    """Return the text of the script elements of markup that holds no text from data."""
    return SCRIPT.findall(html)
