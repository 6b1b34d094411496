"""Files as plain data: YAML with line numbers. Nothing here knows what the data mean."""
