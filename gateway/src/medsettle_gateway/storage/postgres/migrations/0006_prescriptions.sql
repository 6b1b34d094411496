-- oldest: 1
-- Registered prescriptions.
SELECT 1;
