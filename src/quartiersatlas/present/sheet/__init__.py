"""The parts of a sheet: where things stand, what the legend says, how the map is drawn."""
