"""Census grids as they are published: layouts, streamed reading."""
