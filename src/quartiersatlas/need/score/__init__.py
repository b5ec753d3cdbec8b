"""From indicators to scores and classes, and what each indicator contributes."""
