"""The composition root: a configuration becomes a running gateway, and ends again without losing anything."""
