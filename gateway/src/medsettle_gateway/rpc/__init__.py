"""The wire: calls without a transport, and the fronts that carry them."""
