# SPDX-License-Identifier: GPL-2.0-or-later
"""The algorithms: check a project, run it, open its atlas. Each calls the command line and shows what it says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from processing.core.ProcessingConfig import ProcessingConfig
from qgis.core import (
    QgsApplication,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingOutputFile,
    QgsProcessingOutputFolder,
    QgsProcessingOutputHtml,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QDesktopServices, QIcon

from qgis import utils

from .command import NoCommandError, call, found_command, written_files
from .outputs import Outputs, layers_of, outputs_of
from .words import text

COMMAND_SETTING = "QUARTIERSATLAS_COMMAND"
ICON = Path(__file__).parent / "icon.svg"
NOT_OK = 1  # verify found something; it is no failure
SKIPPED = ("", None, QgsProcessing.TEMPORARY_OUTPUT)


def words(name: str, **values: object) -> str:
    """Return a text in the language of QGIS."""
    return text(name, QgsApplication.locale(), **values)


class _Styled(QgsProcessingLayerPostProcessorInterface):
    """Gives a layer the style of its file, which Processing leaves out."""

    def postProcessLayer(self, layer: Any, _context: QgsProcessingContext, _feedback: QgsProcessingFeedback) -> None:
        layer.loadDefaultStyle()
        layer.triggerRepaint()


STYLED = _Styled()  # QGIS takes no hold of it


class _Algorithm(QgsProcessingAlgorithm):
    """What all have in common: names in two languages, and the call of the command."""

    word = ""

    def name(self) -> str:
        return self.word

    def displayName(self) -> str:
        return words(self.word)

    def shortHelpString(self) -> str:
        return words(f"{self.word}_help")

    def icon(self) -> QIcon:
        return QIcon(str(ICON))

    def svgIconPath(self) -> str:
        return str(ICON)

    def createInstance(self) -> _Algorithm:
        return type(self)()

    def _add_project(self, word: str = "project", *, optional: bool = False) -> None:
        toml = {"behavior": QgsProcessingParameterFile.File, "fileFilter": "TOML (*.toml)", "optional": optional}
        self.addParameter(QgsProcessingParameterFile("PROJECT", words(word), **toml))

    def _project(self, parameters: dict[str, Any], context: QgsProcessingContext) -> list[str]:
        """Return the project file as an argument that no option begins with; none where none is named."""
        named = self.parameterAsFile(parameters, "PROJECT", context)
        return [str(Path(named).absolute())] if named else []

    def _add_command(self) -> None:
        everything = "quartiersatlas (*)"  # the filter of QGIS, *.*, refuses a command without a dot
        parameter = QgsProcessingParameterFile("COMMAND", words("command"), optional=True, fileFilter=everything)
        parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.FlagAdvanced)
        self.addParameter(parameter)

    def _add_outputs(self) -> None:
        self.addOutput(QgsProcessingOutputHtml("REPORT", words("out_report")))
        self.addOutput(QgsProcessingOutputFile("MAP", words("out_map")))
        self.addOutput(QgsProcessingOutputFile("GEOPACKAGE", words("out_geopackage")))

    def _called(
        self,
        arguments: list[str],
        given: tuple[dict[str, Any], QgsProcessingContext, QgsProcessingFeedback],
        *,
        fine: tuple[int, ...] = (0,),
    ) -> tuple[int, bytes]:
        """Call the command, its words in the log; anything but a fine exit code ends the algorithm."""
        parameters, context, feedback = given
        named = self.parameterAsFile(parameters, "COMMAND", context) or ProcessingConfig.getSetting(COMMAND_SETTING)
        try:
            command = found_command(named or "")
        except NoCommandError as error:
            place = f": {error}" if str(error) else ""
            raise QgsProcessingException(words("no_command", place=place)) from error
        try:
            code, output = call(
                [command, *arguments],
                said=feedback.pushInfo,
                faulted=lambda line: feedback.reportError(line, False),
                progress=feedback.setProgress,
                cancelled=feedback.isCanceled,
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise QgsProcessingException(words("not_started", command=command, reason=reason)) from error
        if code is None:
            raise QgsProcessingException(words("cancelled"))
        if code not in fine:
            raise QgsProcessingException(words("failed", code=code))
        return code, output

    def _loaded(self, geopackages: list[Path], context: QgsProcessingContext) -> None:
        """Let QGIS load the layers of GeoPackages when the algorithm has ended; each takes its style from the file."""
        for file in geopackages:
            for order, layer in enumerate(layers_of(file)):
                details = QgsProcessingContext.LayerDetails(f"{file.stem}: {layer}", context.project(), layer)
                if hasattr(details, "layerSortKey"):  # from QGIS 3.32 on; before that in the order of their names
                    details.layerSortKey = order
                details.setPostProcessor(STYLED)
                context.addLayerToLoadOnCompletion(f"{file}|layername={layer}", details)

    @staticmethod
    def _results(found: Outputs) -> dict[str, str]:
        names = {"REPORT": found.reports, "MAP": found.maps, "GEOPACKAGE": found.geopackages}
        return {name: str(files[0]) for name, files in names.items() if files}


class Check(_Algorithm):
    """Read and compute a project without writing anything."""

    word = "check"

    def initAlgorithm(self, _configuration: object = None) -> None:
        self._add_project()
        self.addParameter(QgsProcessingParameterString("PART", words("part"), optional=True))
        self._add_command()
        wanted = {"fileFilter": "Text (*.txt)", "optional": True, "createByDefault": False}
        self.addParameter(QgsProcessingParameterFileDestination("CHECKED", words("checked"), **wanted))
        self.addOutput(QgsProcessingOutputString("STATE", words("state")))

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, str]:
        part = self.parameterAsString(parameters, "PART", context)
        arguments = ["check", *([f"--part={part}"] if part else []), *self._project(parameters, context)]
        _, output = self._called(arguments, (parameters, context, feedback))
        results = {"STATE": output.decode("utf-8", "replace")}
        if parameters.get("CHECKED") not in SKIPPED:
            place = self.parameterAsFileOutput(parameters, "CHECKED", context)
            Path(place).write_bytes(output)
            results["CHECKED"] = place
        return results


class Run(_Algorithm):
    """Write the outputs of a project, and load them."""

    word = "run"

    def initAlgorithm(self, _configuration: object = None) -> None:
        self._add_project()
        wanted = {"optional": True, "createByDefault": False}
        self.addParameter(QgsProcessingParameterFolderDestination("FOLDER", words("folder_out"), **wanted))
        self.addParameter(QgsProcessingParameterBoolean("LOAD", words("load"), defaultValue=True))
        self._add_command()
        self._add_outputs()

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, str]:
        arguments = ["run", "--progress", *self._project(parameters, context)]
        if parameters.get("FOLDER") not in SKIPPED:
            folder = self.parameterAsString(parameters, "FOLDER", context)
            arguments += ["--folder", str(Path(folder).absolute())]
        _, output = self._called(arguments, (parameters, context, feedback))
        files = written_files(output)
        found = outputs_of(files)
        if self.parameterAsBoolean(parameters, "LOAD", context):
            self._loaded(found.geopackages, context)
        written = {"FOLDER": os.path.commonpath([file.parent for file in files])} if files else {}
        return {**self._results(found), **written}


class OpenAtlas(_Algorithm):
    """Check the outputs of a run, and show them."""

    word = "open_atlas"

    def __init__(self) -> None:
        super().__init__()
        self.page: Path | None = None

    def initAlgorithm(self, _configuration: object = None) -> None:
        folder = QgsProcessingParameterFile.Folder
        self.addParameter(QgsProcessingParameterFile("FOLDER", words("folder_in"), behavior=folder))
        self._add_project("project_optional", optional=True)
        self.addParameter(QgsProcessingParameterBoolean("BROWSER", words("browser"), defaultValue=True))
        self._add_command()
        self._add_outputs()
        self.addOutput(QgsProcessingOutputString("STATE", words("state")))
        self.addOutput(QgsProcessingOutputFolder("OPENED", words("out_folder")))

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, str]:
        folder = Path(self.parameterAsFile(parameters, "FOLDER", context))
        found = outputs_of(sorted(folder.iterdir()) if folder.is_dir() else [])
        files = [*found.maps, *found.reports, *found.geopackages]
        if not files:
            raise QgsProcessingException(words("nothing", folder=folder))
        state = ""
        for number, file in enumerate(files):
            feedback.setProgress(100 * number / len(files))
            arguments = ["verify", str(file.absolute()), *self._project(parameters, context)]
            code, output = self._called(arguments, (parameters, context, feedback), fine=(0, NOT_OK))
            state += output.decode("utf-8", "replace")
            if code == NOT_OK:
                feedback.reportError(words("altered", file=file.name), False)
        self._loaded(found.geopackages, context)
        if found.maps and self.parameterAsBoolean(parameters, "BROWSER", context):
            self.page = found.maps[0]
        return {**self._results(found), "STATE": state, "OPENED": str(folder)}

    def postProcessAlgorithm(self, _context: QgsProcessingContext, _feedback: QgsProcessingFeedback) -> dict[str, str]:
        if self.page is not None and utils.iface is not None:  # a window of QGIS: somebody is there to look
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.page)))
        return {}
