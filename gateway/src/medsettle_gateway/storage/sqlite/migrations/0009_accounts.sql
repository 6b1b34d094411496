-- oldest: 2
-- What accounts are bound to, and what is credited to them.
SELECT 1;
