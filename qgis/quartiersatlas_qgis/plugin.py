# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin and its provider: what QGIS loads, and the setting that names the command."""

from __future__ import annotations

from pathlib import Path

from processing.core.ProcessingConfig import ProcessingConfig, Setting
from qgis.core import QgsApplication, QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .algorithms import COMMAND_SETTING, Check, OpenAtlas, Run, words

ICON = Path(__file__).parent / "icon.svg"


class Plugin:
    """What QGIS holds: it adds the provider, and takes it away."""

    def __init__(self) -> None:
        self.provider = None

    def initProcessing(self) -> None:
        """Add the provider; `qgis_process` calls this and nothing else."""
        self.provider = Provider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:
        """Add the provider to the window of QGIS."""
        self.initProcessing()

    def unload(self) -> None:
        """Take the provider away."""
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None


class Provider(QgsProcessingProvider):
    """The algorithms under one name in the toolbox."""

    def id(self) -> str:
        """Return what the names of the algorithms begin with."""
        return "quartiersatlas"

    def name(self) -> str:
        """Return the name in the toolbox."""
        return "quartiersatlas"

    def icon(self) -> QIcon:
        """Return the icon."""
        return QIcon(str(ICON))

    def svgIconPath(self) -> str:
        """Return the file of the icon."""
        return str(ICON)

    def load(self) -> bool:
        """Add the setting and the algorithms."""
        ProcessingConfig.settingIcons[self.name()] = self.icon()
        setting = Setting(self.name(), COMMAND_SETTING, words("command"), "", valuetype=Setting.FILE)
        ProcessingConfig.addSetting(setting)
        ProcessingConfig.readSettings()
        self.refreshAlgorithms()
        return True

    def unload(self) -> None:
        """Take the setting away."""
        ProcessingConfig.removeSetting(COMMAND_SETTING)

    def loadAlgorithms(self) -> None:
        """Add the algorithms."""
        for algorithm in (Check(), Run(), OpenAtlas()):
            self.addAlgorithm(algorithm)
