"""Policy packs and the calculation: a pure function from facts to who pays what.

``loader`` turns plain data into a frozen ``Pack``; ``registry`` holds all packs and finds the one
in force; ``engine`` calculates; ``trace`` explains and replays; ``cases`` runs worked examples.
"""
