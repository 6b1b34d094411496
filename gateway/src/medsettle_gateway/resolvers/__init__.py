"""Services that say whose credential was shown."""
