"""One call without input or output: from the till's values to signed bytes, and back.

Generated messages are known here and nowhere else in the SDK.
"""
