"""The vocabulary of the gateway: money, people, places, baskets and results. Pure, no I/O."""
