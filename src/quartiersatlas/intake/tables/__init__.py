"""Tables: every cell a value with a status, whatever file, frame or database it came from."""
