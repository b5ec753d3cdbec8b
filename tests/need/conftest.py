from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import quartiersatlas as qa

FOUR = [
    {"id": "high", "upper": -1.0, "label_de": "hoch", "label_en": "high"},
    {"id": "medium", "upper": 1.0, "label_de": "mittel", "label_en": "medium"},
    {"id": "low", "upper": 1.5, "label_de": "niedrig", "label_en": "low"},
    {"id": "very_low", "label_de": "sehr niedrig", "label_en": "very low"},
]


def counted_frame(n_areas=40, indicators="abc", seed=4):
    """Counts x_a of n_a ... of areas whose indicators agree in part."""
    random = np.random.default_rng(seed)
    level = random.beta(3, 15, n_areas)
    frame = pd.DataFrame(index=[f"{i:03d}" for i in range(n_areas)])
    for name in indicators:
        people = random.integers(200, 3000, n_areas)
        share = np.clip(level * random.uniform(0.8, 1.2, n_areas), 0.01, 0.9)
        frame[f"n_{name}"] = people.astype(float)
        frame[f"x_{name}"] = random.binomial(people, share).astype(float)
    return frame


def counted_spec(indicators="abc", members=None, **axis):
    members = members or [{"id": name, "numerator": f"x_{name}", "denominator": f"n_{name}"} for name in indicators]
    content = {"id": "status", "standardise": {"method": "z"}, "classes": FOUR, "indicators": members, **axis}
    return qa.NeedSpec.from_dict({"id": "test", "source": "test", "min_population": 0, "axes": [content]})


@pytest.fixture
def counted():
    """Give a need index computed from counts; options go to its axis."""

    def build(n_areas=40, indicators="abc", seed=4, **axis):
        return qa.need_index(counted_frame(n_areas, indicators, seed), counted_spec(indicators, **axis))

    build.frame = counted_frame
    build.spec = counted_spec
    build.classes = FOUR
    return build
