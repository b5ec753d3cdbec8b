"""What a survey has to tell, as a record: what was asked of whom, the areas, the city."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from quartiersatlas.indicators.surveys.small_areas import Rule, SurveyModel


@dataclass(frozen=True, kw_only=True)
class SurveyDefinition:
    """What was asked of whom, and how: answers are comparable where all of it is the same.

    Parameters
    ----------
    name : str
        Under which the share leaves: a column.
    label_de, label_en : str
        What a reader sees.
    wording : str
        The question, and which answers count.
    asked_of : str
        The people that the sample stands for, such as ``"18+ mit Hauptwohnsitz"``.
    mode : str
        How they were asked, such as ``"schriftlich/online"``.
    field_time : str
        When.
    """

    name: str
    label_de: str
    label_en: str
    wording: str = ""
    asked_of: str = ""
    mode: str = ""
    field_time: str = ""

    @property
    def id(self) -> str:
        """What has to be equal at two dates: name, wording, people, mode."""
        return f"{self.name}|{self.wording}|{self.asked_of}|{self.mode}"


@dataclass(frozen=True, eq=False, kw_only=True)
class SurveyRecord:
    """What a sample says of areas and of the city.

    Parameters
    ----------
    definition : SurveyDefinition
        What was asked of whom.
    table : DataFrame
        On the area: ``n`` and ``n_yes`` (respondents, and those who agree, as counted), ``share`` (weighted), ``deff``,
        ``n_effective``, ``lower``, ``upper`` (95 %), ``method`` of the variance, ``shown``; and ``model_share``,
        ``model_lower``, ``model_upper``, ``model_weight`` (of the area's own answers), ``model_shown``. Shares are
        fractions. ``shown`` and ``model_shown`` are ``"value"``, ``"bracket"``, ``"slash"``, ``"few"``, ``"cases"`` or
        ``"none"``.
    city : Series
        The same of the whole city.
    model : SurveyModel, optional
        What the model was made of; None for too few areas.
    rule : {"width", "cv"}
        What decides on brackets.
    min_count : int
        Fewer who agree, or who do not, are protected.
    n_no_answer : int
        Respondents without an answer; they are in no number.
    assumed : frozenset of str
        What the table did not say: ``"deff"`` (taken as 1), ``"n_yes"`` (taken from the share), ``"residents"``
        (areas weigh by respondents).
    city_name : str
        What the city is called; empty where nobody said it.
    """

    definition: SurveyDefinition
    table: pd.DataFrame
    city: pd.Series[float]
    model: SurveyModel | None = None
    rule: Rule = "width"
    min_count: int = 3
    n_no_answer: int = 0
    assumed: frozenset[str] = frozenset()
    city_name: str = ""
