"""The parts of the report: its first page, the table of selected areas, what follows; made of released numbers."""
