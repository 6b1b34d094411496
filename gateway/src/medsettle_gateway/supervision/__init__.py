"""Supervision at the counter (事前提醒、事中预警): what the rules of a region find in a sale. Pure."""
