"""A small invented city in the pooling region of Anshan, as CSV files that the importers read.

No person, institution or price in it is real; the item codes only look like national ones.
"""
