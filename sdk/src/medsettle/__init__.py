"""Settlement at the counter of designated pharmacies and clinics (定点医药机构)."""
