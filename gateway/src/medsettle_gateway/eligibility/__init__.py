"""Who may buy what, where, on a day: pure rules over dated facts about people, places and staff."""
