"""The map: one offline page, one geometry, all indicators."""
