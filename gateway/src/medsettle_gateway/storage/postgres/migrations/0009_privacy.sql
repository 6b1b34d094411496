-- oldest: 1
-- Who saw clear text, and the keys of what is sealed.
SELECT 1;
