"""The settlement gateway: eligibility, co-pay, ledger (医保结算网关)."""
