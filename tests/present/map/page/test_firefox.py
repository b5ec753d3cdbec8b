"""The map in Firefox: a second engine beside Chromium, driven by its own protocol (Marionette), without a driver."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time

import pytest

pytestmark = pytest.mark.browser

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
QUIET = {
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
}
ERRORS = """
return Services.console.getMessageArray()
  .filter((one) => one instanceof Ci.nsIScriptError && one.sourceName.startsWith("file:"))
  .map((one) => `${one.errorMessage} (${one.lineNumber})`);"""
LEGEND = "return [...document.querySelectorAll('.qa-swatch')].map((one) => getComputedStyle(one).backgroundColor);"
PAINTED = """
const canvas = map_quartiersatlas.getPane("overlayPane").querySelector("canvas");
const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
const colors = new Map();
for (let i = 0; i < data.length; i += 4) {
  const color = `rgb(${data[i]}, ${data[i + 1]}, ${data[i + 2]})`;
  if (data[i + 3] === 255) colors.set(color, (colors.get(color) ?? 0) + 1);
}
return [...colors].filter(([, n]) => n > 100).map(([color]) => color);"""


class Firefox:
    """A headless Firefox: messages are JSON behind their length."""

    def __init__(self, folder, port):
        told = {"marionette.port": port, **QUIET}
        (folder / "user.js").write_text("".join(f'user_pref("{k}", {json.dumps(v)});\n' for k, v in told.items()))
        options = ["--headless", "--no-remote", "--marionette", "-remote-allow-system-access", "--profile", folder]
        self.process = subprocess.Popen(
            [FIREFOX, *options, "--width=1280", "--height=900", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.rest, self.number = b"", 0
        self.connection = self.connected(port)
        self.read()
        self.ask("WebDriver:NewSession")

    def connected(self, port):
        for _ in range(300):
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=60)
            except OSError:
                time.sleep(0.1)
        raise TimeoutError("Firefox does not answer.")

    def read(self):
        while b":" not in self.rest:
            self.rest += self.connection.recv(1 << 16)
        size, _, self.rest = self.rest.partition(b":")
        while len(self.rest) < int(size):
            self.rest += self.connection.recv(1 << 16)
        message, self.rest = self.rest[: int(size)], self.rest[int(size) :]
        return json.loads(message)

    def ask(self, command, **parameters):
        self.number += 1
        message = json.dumps([0, self.number, command, parameters]).encode()
        self.connection.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self.read()
        assert error is None, error
        return result.get("value") if isinstance(result, dict) else result

    def run(self, script):
        return self.ask("WebDriver:ExecuteScript", script=script, args=[])

    def errors(self):
        """Return what scripts of pages from files have thrown."""
        self.ask("Marionette:SetContext", value="chrome")
        found = self.run(ERRORS)
        self.ask("Marionette:SetContext", value="content")
        return found

    def end(self):
        self.connection.close()
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    if FIREFOX is None:
        pytest.skip("Firefox is not installed: apt-get install firefox-esr")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    browser = Firefox(tmp_path_factory.mktemp("firefox"), port)
    yield browser
    browser.end()


def test_the_map_works_in_firefox(firefox, sample):
    firefox.ask("WebDriver:Navigate", url=(sample.folder / "atlas.html").as_uri() + "#a=0404")
    firefox.run("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));")
    name = sample.release.areas["name"]["0404"]
    assert firefox.run("return document.querySelector('.qa-area-name').textContent;") == name
    classes = firefox.run(LEGEND)[:4]
    assert len(set(classes)) == 4
    assert set(classes) <= set(firefox.run(PAINTED))
    assert firefox.run("return document.querySelectorAll('.qa-charts svg').length;") == 3
    firefox.run("document.getElementById('qa-compare-button').click();")
    assert firefox.run("return document.querySelectorAll('.qa-second .qa-legend').length;") == 1
    firefox.run("dispatchEvent(new Event('beforeprint')); dispatchEvent(new Event('afterprint'));")
    firefox.run("return new Promise((done) => setTimeout(done, 100));")
    assert firefox.errors() == []


def test_an_error_of_a_page_is_seen(firefox, tmp_path):
    page = tmp_path / "broken.html"
    page.write_text("<!DOCTYPE html><script>nothing.at.all</script>")
    firefox.ask("WebDriver:Navigate", url=page.as_uri())
    assert [error.split(" (")[0] for error in firefox.errors()] == ["ReferenceError: nothing is not defined"]
