"""The command ``medsettle``: a till at a terminal."""
