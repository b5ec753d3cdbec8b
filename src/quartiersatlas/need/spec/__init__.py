"""The rules of a need index as data: records, and how they are read and written."""
