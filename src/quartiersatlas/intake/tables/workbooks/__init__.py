"""What a workbook says: sheets, formats, hidden parts, merged cells, beside the values of its cells."""
