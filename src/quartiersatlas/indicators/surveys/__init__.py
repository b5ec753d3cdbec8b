"""What a survey of a sample says of areas: weighted rates, what chance makes of them, what may be shown."""

from quartiersatlas.indicators.surveys.result import SurveyRates
from quartiersatlas.indicators.surveys.survey import survey_rates

__all__ = ["SurveyRates", "survey_rates"]
