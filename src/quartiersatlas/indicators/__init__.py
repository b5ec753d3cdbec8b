"""What is the rate here, and in the city? Rates from counts, the city value, change over time."""

from quartiersatlas.indicators.change import add_change, rate_change
from quartiersatlas.indicators.rates import add_rates, city_value, city_values, rates

__all__ = ["add_change", "add_rates", "city_value", "city_values", "rate_change", "rates"]
