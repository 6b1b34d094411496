-- name: prescription
SELECT n, body, ARRAY(
  SELECT reviews.body FROM prescription_reviews AS reviews
  WHERE reviews.institution = asked.institution AND reviews.number = asked.number ORDER BY position
), (
  SELECT ends.body FROM prescription_withdrawals AS ends
  WHERE ends.institution = asked.institution AND ends.number = asked.number
), ARRAY(
  SELECT drugs.item_code FROM prescribed_drugs AS drugs
  WHERE drugs.institution = asked.institution AND drugs.number = asked.number ORDER BY item_code
), ARRAY(
  SELECT drugs.drawn_e4 FROM prescribed_drugs AS drugs
  WHERE drugs.institution = asked.institution AND drugs.number = asked.number ORDER BY item_code
), ARRAY(
  SELECT draws.request_id FROM prescription_draws AS draws
  WHERE draws.institution = asked.institution AND draws.number = asked.number
  GROUP BY request_id ORDER BY min(position)
)
FROM unnest($1::TEXT[], $2::TEXT[]) WITH ORDINALITY AS asked (institution, number, n)
JOIN prescriptions USING (institution, number);

-- name: open_prescriptions
SELECT n, institution, number
FROM unnest($1::TEXT[], $2::TEXT[], $3::BIGINT[], $4::TEXT[], $5::TEXT[]) WITH ORDINALITY
  AS asked (member, day, most, only_number, only_institution, n)
CROSS JOIN LATERAL (
  SELECT institution, number, registered_at_us FROM prescriptions
  WHERE prescriptions.member = asked.member AND valid_to >= day AND issued_on <= day
    AND only_number IN ('', number) AND only_institution IN ('', institution)
    AND NOT EXISTS (
      SELECT FROM prescription_withdrawals AS ends
      WHERE ends.institution = prescriptions.institution AND ends.number = prescriptions.number
    )
    AND EXISTS (
      SELECT FROM prescribed_drugs AS drugs
      WHERE drugs.institution = prescriptions.institution AND drugs.number = prescriptions.number
        AND drawn_e4 < allowed_e4
    )
  ORDER BY registered_at_us, institution, number LIMIT most
) AS found ORDER BY n, registered_at_us, institution, number;

-- name: keep_prescription
INSERT INTO prescriptions (institution, number, member, issued_on, valid_to, registered_at_us, body)
SELECT * FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::BIGINT[], $7::TEXT[]);

-- name: keep_drug
INSERT INTO prescribed_drugs (institution, number, item_code, allowed_e4, drawn_e4)
SELECT institution, number, item_code, allowed_e4, 0
FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::BIGINT[]) AS given (institution, number, item_code, allowed_e4);

-- name: keep_review
INSERT INTO prescription_reviews (institution, number, body)
SELECT institution, number, body
FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[]) WITH ORDINALITY AS given (institution, number, body, n) ORDER BY n;

-- name: keep_withdrawal
INSERT INTO prescription_withdrawals (institution, number, body)
SELECT * FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[]);

-- name: move_drawn
UPDATE prescribed_drugs AS drugs SET drawn_e4 = drugs.drawn_e4 + moved.delta_e4
FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::BIGINT[]) AS moved (institution, number, item_code, delta_e4)
WHERE drugs.institution = moved.institution AND drugs.number = moved.number AND drugs.item_code = moved.item_code;

-- name: keep_draw
INSERT INTO prescription_draws (request_id, institution, number, item_code, quantity_e4)
SELECT request_id, institution, number, item_code, quantity_e4
FROM unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::BIGINT[]) WITH ORDINALITY
  AS given (request_id, institution, number, item_code, quantity_e4, n) ORDER BY n;

-- name: drop_draw
DELETE FROM prescription_draws AS draws
USING unnest($1::TEXT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::BIGINT[])
  AS ended (request_id, institution, number, item_code, quantity_e4)
WHERE draws.request_id = ended.request_id AND draws.institution = ended.institution
  AND draws.number = ended.number AND draws.item_code = ended.item_code
  AND draws.quantity_e4 = ended.quantity_e4;
