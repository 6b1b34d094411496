"""The use cases: what each call needs to know, what it decides, and the writer that does it."""
