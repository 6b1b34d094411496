"""The operator's command line: one file a group of commands.

Exit codes: 0 done, 1 refused or something is off, 2 wrong usage or configuration.
"""
