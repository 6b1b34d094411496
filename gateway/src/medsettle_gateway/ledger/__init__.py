"""Books, postings and counters: what each transition of a sale does to the money, pure."""
