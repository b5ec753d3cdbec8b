"""How marks look, on the map and in the legend alike."""

from __future__ import annotations

from typing import Any

INK, GREY = "#1a1a1a", "#555555"
LOOKS: dict[str, dict[str, Any]] = {
    "selected": {"edgecolor": INK, "linewidth": 1.3},
    "open": {"edgecolor": INK, "linewidth": 1.3, "linestyle": (0, (3, 1.5))},
    "candidate": {"edgecolor": "#b3005e", "linewidth": 1.8},
    "programme": {"edgecolor": "#333333", "linewidth": 1.2, "linestyle": (0, (6, 2, 1, 2))},
}
FACILITY: dict[str, Any] = {
    "marker": "o",
    "markersize": 3.5,
    "color": "#ffffff",
    "markeredgecolor": INK,
    "markeredgewidth": 0.9,
    "linestyle": "none",
}
