"""A register of measures: what is live, whose money ends, where need stands without a measure."""
