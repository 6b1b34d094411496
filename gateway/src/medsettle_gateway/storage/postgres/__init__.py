"""The store of several processes and machines: PostgreSQL."""
