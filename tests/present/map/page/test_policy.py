"""The content security policy of written pages: our scripts run, a planted one does not, nothing is asked for."""

from __future__ import annotations

import json
import re

import pytest

from quartiersatlas import atlas_map
from quartiersatlas.present.policy import with_policy

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
ASKED = "Network.requestWillBeSent"
PLANTED = (
    "<script>window.hacked=1</script>"
    '<img src="x" onerror="window.hacked=2"><img src="https://example.org/x.png">'
    '<p onclick="window.hacked=3" id="planted">x</p><iframe src="https://example.org/"></iframe>'
)


def directives(html):
    """Return the directives of the one policy of a page."""
    (found,) = POLICY.findall(html)
    return dict(part.strip().split(" ", 1) for part in found.split(";"))


def sent(page):
    """Return the addresses that left the browser: asked for, and not stopped by the policy."""
    events = [json.loads(entry["message"])["message"] for entry in page.driver.get_log("performance")]
    asked = {e["params"]["requestId"]: e["params"]["request"]["url"] for e in events if e["method"] == ASKED}
    stopped = {e["params"]["requestId"] for e in events if e["params"].get("blockedReason") == "csp"}
    return [
        url for name, url in asked.items() if name not in stopped and not url.startswith(("file:", "data:", "blob:"))
    ]


@pytest.mark.parametrize("name", ["atlas.html", "bericht.html"])
def test_every_page_forbids_connections_inline_handlers_and_eval(sample, name):
    found = directives((sample.folder / name).read_text(encoding="utf-8"))
    assert found["default-src"] == found["connect-src"] == found["base-uri"] == found["form-action"] == "'none'"
    assert found["img-src"] == "data: blob:"
    scripts = found["script-src"].split()
    assert all(script.startswith("'sha256-") for script in scripts) or scripts == ["'none'"]
    assert len(scripts) == (4 if name == "atlas.html" else 1)


def test_the_policy_stands_before_everything_that_it_governs(sample):
    for name in ("atlas.html", "bericht.html"):
        html = (sample.folder / name).read_text(encoding="utf-8")
        head = html[html.index("<head>") : html.index("Content-Security-Policy")]
        assert not re.search(r"<(script|style|link|img|title)", head)
        assert html.index("charset=") < 1024, "browsers look for the encoding in the first kilobyte"


def test_a_folium_map_that_others_add_layers_to_has_no_policy(sample):
    assert "Content-Security-Policy" not in atlas_map(sample.release).to_folium().get_root().render()


@pytest.mark.browser
@pytest.mark.parametrize("name", ["atlas.html", "bericht.html"])
def test_what_is_planted_into_a_page_does_nothing(page, sample, tmp_path, name):
    html = (sample.folder / name).read_text(encoding="utf-8")
    assert "<body>" in html
    path = tmp_path / name
    path.write_text(html.replace("<body>", f"<body>{PLANTED}", 1), encoding="utf-8")
    page.open(path)
    page.run("document.querySelector('#planted').click()")
    assert page.run("return window.hacked ?? null") is None
    assert sent(page) == []
    if name == "atlas.html":
        assert page.run("return typeof map_quartiersatlas.getZoom()") == "number", "our own scripts run"
    # the same without the policy: what the test plants would run
    path.write_text(POLICY.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
    page.open(path)
    assert page.run("return window.hacked ?? null") is not None
    assert sent(page)


@pytest.mark.browser
def test_text_cannot_be_run_as_code(atlas):
    atlas.run("setTimeout('window.hacked = 1')")  # eval itself would be run by the driver, not by the page
    atlas.drawn()
    assert atlas.run("return window.hacked ?? null") is None


def test_a_script_that_is_not_named_is_not_allowed():
    page = "<html><head></head><body><script>a()</script></body></html>"
    one, other = (directives(with_policy(page, scripts))["script-src"] for scripts in ([], ["b()"]))
    assert one == "'none'"
    # printf 'b()' | openssl dgst -sha256 -binary | base64
    assert other == "'sha256-cf242PFc/kb7xD0Qzhsmd9vvRkc+cWFmbi+k+YvtdKc='"
