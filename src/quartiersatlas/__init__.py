"""quartiersatlas: from indicator tables and district polygons to a defensible shortlist on a map.

The way from two files, or two frames in memory, to map and paper; ``help(qa.join)`` tells more of each step::

    import quartiersatlas as qa

    areas = qa.read_areas(wards, key="WD24CD", name="WD24NM")         # a file or a GeoDataFrame
    table = qa.read_table(counts, key="WD24CD")                       # a file or a DataFrame
    data = qa.join(areas, table, population="residents", city="Leeds")
    data = qa.add_rates(data, {"child_poverty": ("poor_children", "children")})

    qa.choropleth(data, "child_poverty", lang="en").save("map.html")
    qa.measure_segregation(data, ["born_abroad"]).table
    shortlist = qa.screen(data, qa.worst_share("child_poverty", 0.2))
    release = qa.release(data, shortlist=shortlist, title="...", source="...", as_of="...", comment="...")
    qa.report(release, "report.md", lang="en")                        # also .html; .pdf, .docx with the extra "paper"
    qa.atlas_map(release, lang="en").save("atlas.html")
    qa.figure(release, lang="en").save("map.png")                     # also .svg, .pdf; with the extra "paper"
    qa.export(release, "atlas.gpkg", lang="en")                       # also .csv, .geojson; .xlsx with "excel"

Whatever has words takes ``lang="de"``, the default everywhere, or ``lang="en"``. The public names stand in
``__init__.pyi``, which editors and type checkers read. Each is loaded when it is first used, so importing the package
is cheap.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
