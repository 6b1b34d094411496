"""An invented town, for the two days: its rules, places and people, and what their scripts share."""
