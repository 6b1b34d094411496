"""The embedded store: one file, SQLite in WAL mode, every commit on the disk before its answer."""
