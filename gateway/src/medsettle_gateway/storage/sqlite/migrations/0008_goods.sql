-- oldest: 2
-- The catalogue by versions, and traceability codes.
SELECT 1;
