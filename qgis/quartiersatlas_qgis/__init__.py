# SPDX-License-Identifier: GPL-2.0-or-later
"""The Processing provider of quartiersatlas for QGIS."""

from __future__ import annotations

from typing import Any


def classFactory(iface: Any) -> Any:  # noqa: ARG001 - QGIS calls it by this name, with its window or None
    """Return the plugin."""
    from .plugin import Plugin

    return Plugin()
