"""The plugin in QGIS without a window: the same bytes as the command line, its styles, faults in the log."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

plugin = pytest.importorskip("quartiersatlas_qgis", reason="the plugin is no part of the source distribution")

from quartiersatlas.cli import main  # noqa: E402 - after the skip

# Debian's qgis_process is a script that adds an option which qgis_process does not know
QGIS = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
PYTHON = "/usr/bin/python3"  # the one that Debian's python3-qgis is for
PLUGINS = Path(plugin.__file__).parents[1]
ROOT = PLUGINS.parent

pytestmark = pytest.mark.skipif(QGIS is None, reason="QGIS is not installed (Debian: qgis, python3-qgis)")

INSIDE = """
import json, sys
sys.path += ["/usr/share/qgis/python/plugins", sys.argv[1]]
from qgis.core import QgsApplication, QgsProject, QgsRenderContext
app = QgsApplication([], False)
app.initQgis()
from processing.core.Processing import Processing
Processing.initialize()
from processing.core.ProcessingConfig import ProcessingConfig
from quartiersatlas_qgis import classFactory
plugin = classFactory(None)
plugin.initProcessing()
ProcessingConfig.setSettingValue("QUARTIERSATLAS_COMMAND", sys.argv[2])
import processing
results = processing.runAndLoadResults("quartiersatlas:open_atlas", {"FOLDER": sys.argv[3], "PROJECT": sys.argv[4]})
layers = {}
for layer in QgsProject.instance().mapLayers().values():
    renderer = layer.renderer()
    colours = [symbol.color().name() for symbol in renderer.symbols(QgsRenderContext())]
    layers[layer.name()] = {"features": layer.featureCount(), "renderer": renderer.type(), "colours": colours}
names = [one.displayName() for one in plugin.provider.algorithms()]
print("FOUND" + json.dumps({"results": results, "layers": layers, "names": sorted(names)}))
plugin.unload()
app.exitQgis()
"""


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    """Give the environment of a QGIS that has this plugin and nothing of its user, and a command line to call."""
    folder = tmp_path_factory.mktemp("qgis")
    folder.chmod(0o700)
    command = folder / "quartiersatlas"
    source = f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r})"
    command.write_text(
        f"#!{sys.executable}\n{source}\nfrom quartiersatlas.cli import main\nsys.exit(main())\n", encoding="utf-8"
    )
    command.chmod(0o755)
    own = {
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PATH": os.environ["PATH"],
        "QGIS_CUSTOM_CONFIG_PATH": str(folder),
        "QGIS_PLUGINPATH": str(PLUGINS),
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_RUNTIME_DIR": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [QGIS, "plugins", "enable", PLUGINS_NAME], env=own, capture_output=True, text=True, check=False
    )
    assert "quartiersatlas_qgis" in done.stdout + done.stderr
    return own, command


PLUGINS_NAME = "quartiersatlas_qgis"


@pytest.fixture
def algorithm(profile):
    """Run an algorithm of the plugin; give what QGIS says."""

    def run(name, **parameters):
        own, command = profile
        given = [f"--{key}={value}" for key, value in {"COMMAND": command, **parameters}.items()]
        call = [QGIS, "run", f"quartiersatlas:{name}", *given]
        return subprocess.run(call, env=own, capture_output=True, text=True, check=False)

    return run


def content(folder):
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_a_run_in_qgis_writes_the_bytes_of_the_command_line(algorithm, small_project, tmp_path):
    project = small_project()
    done = algorithm("run", PROJECT=project, FOLDER=tmp_path / "in QGIS ä")
    assert done.returncode == 0, done.stdout + done.stderr
    assert main(["run", str(project), "--folder", str(tmp_path / "here")]) == 0
    assert content(tmp_path / "in QGIS ä") == content(tmp_path / "here") != {}
    for name in ("MAP", "REPORT", "GEOPACKAGE", "FOLDER"):
        assert re.search(rf"(?m)^{name}:\t{re.escape(str(tmp_path / 'in QGIS ä'))}", done.stdout), name
    assert "100 - done" in done.stdout


def test_check_writes_the_report_of_the_command_line(algorithm, small_project, tmp_path, capfdbinary):
    project = small_project()
    done = algorithm("check", PROJECT=project, CHECKED=tmp_path / "check.txt")
    assert done.returncode == 0, done.stdout + done.stderr
    capfdbinary.readouterr()
    assert main(["check", str(project)]) == 0
    assert (tmp_path / "check.txt").read_bytes() == capfdbinary.readouterr().out != b""


def test_all_faults_are_in_the_log_and_nothing_is_written(algorithm, small_project, tmp_path):
    project = small_project("[protection]\nmin_cuont = 3\n[outputs]\nmpa = 'a.html'")
    done = algorithm("run", PROJECT=project, FOLDER=tmp_path / "out")
    assert done.returncode != 0
    for said in ("„min_cuont“ ist unbekannt", "„mpa“ ist unbekannt", "exit code 2"):
        assert said in done.stdout + done.stderr, said
    assert not (tmp_path / "out").exists()


def test_the_atlas_opens_with_its_styles_and_stays_as_written(profile, small_project, tmp_path):
    project = small_project("[outputs]\nfolder = 'out'")
    assert main(["run", str(project)]) == 0
    own, command = profile
    given = [PYTHON, "-c", INSIDE, str(PLUGINS), str(command), str(tmp_path / "out"), str(project)]
    done = subprocess.run(given, env={**own, "LANG": "de_DE.UTF-8"}, capture_output=True, text=True, check=False)
    assert "FOUND" in done.stdout, done.stdout + done.stderr
    found = json.loads(done.stdout.split("FOUND")[1].splitlines()[0])
    areas = found["layers"]["atlas: areas"]
    assert areas["features"] == 12
    assert areas["renderer"] in ("graduatedSymbol", "categorizedSymbol", "RuleRenderer")
    assert len(set(areas["colours"])) > 2
    assert found["names"] == ["Atlas öffnen", "Projekt prüfen", "Projekt rechnen"]
    assert found["results"]["STATE"].count("Das findet Versehen") == 3
    assert main(["verify", str(tmp_path / "out/atlas.gpkg"), str(project)]) == 0
