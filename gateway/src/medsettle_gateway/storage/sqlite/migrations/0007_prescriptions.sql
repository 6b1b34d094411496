-- oldest: 2
-- Registered prescriptions.
SELECT 1;
