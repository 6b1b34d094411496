-- oldest: 2
-- Who saw clear text, and the keys of what is sealed.
SELECT 1;
