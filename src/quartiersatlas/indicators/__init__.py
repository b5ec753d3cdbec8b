"""What is the rate here, and in the city? Rates from counts, the city value, change over time, gaps."""

from quartiersatlas.indicators.change import add_change, rate_change
from quartiersatlas.indicators.columns import add_counts, add_rates, city_values
from quartiersatlas.indicators.gaps import GroupGap, group_gap
from quartiersatlas.indicators.rates import city_value, rates
from quartiersatlas.indicators.reach import add_reach
from quartiersatlas.indicators.surveys import SurveyRates, survey_rates
from quartiersatlas.indicators.within import WithinArea, within_area

__all__ = [
    "GroupGap",
    "SurveyRates",
    "WithinArea",
    "add_change",
    "add_counts",
    "add_rates",
    "add_reach",
    "city_value",
    "city_values",
    "group_gap",
    "rate_change",
    "rates",
    "survey_rates",
    "within_area",
]
