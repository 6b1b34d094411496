"""The embedded database: facts in, moves out, and what operators enter."""
