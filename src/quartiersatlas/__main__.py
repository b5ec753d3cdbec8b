"""`python -m quartiersatlas`, where the command itself is not on the path."""

from quartiersatlas.cli import main

raise SystemExit(main())
