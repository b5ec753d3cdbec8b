"""What every room stands on: checks at the door, files written whole, declared data, workbooks."""
