"""quartiersatlas: from indicator tables and district polygons to a defensible shortlist on a map.

The public names stand in ``__init__.pyi``, which editors and type checkers read. Each is loaded when it is first used,
so importing the package is cheap.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
