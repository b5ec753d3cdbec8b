"""Files made of a release: tables, layers for GIS, workbooks."""
