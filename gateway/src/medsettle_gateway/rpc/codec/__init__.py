"""Bytes of ``medsettle.wire.v1`` to what the service asks and answers with, and back.

Generated messages are known here and nowhere else. Every field that comes in is checked: what passes
is well-formed, within its limits, and typed as the domain types it.
"""
