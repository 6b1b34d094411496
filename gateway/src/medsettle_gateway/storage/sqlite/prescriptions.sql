-- name: prescription
SELECT body FROM prescriptions WHERE institution = :institution AND number = :number;

-- name: reviews
SELECT body FROM prescription_reviews WHERE institution = :institution AND number = :number ORDER BY position;

-- name: withdrawal
SELECT body FROM prescription_withdrawals WHERE institution = :institution AND number = :number;

-- name: drawn
SELECT item_code, drawn_e4 FROM prescribed_drugs WHERE institution = :institution AND number = :number;

-- name: sales
SELECT request_id FROM prescription_draws WHERE institution = :institution AND number = :number
GROUP BY request_id ORDER BY min(position);

-- name: open_prescriptions
SELECT institution, number FROM prescriptions
WHERE member = :member AND valid_to >= :day AND issued_on <= :day
  AND :number IN ('', number) AND :institution IN ('', institution)
  AND NOT EXISTS (
    SELECT 1 FROM prescription_withdrawals AS ends
    WHERE ends.institution = prescriptions.institution AND ends.number = prescriptions.number
  )
  AND EXISTS (
    SELECT 1 FROM prescribed_drugs AS drugs
    WHERE drugs.institution = prescriptions.institution AND drugs.number = prescriptions.number
      AND drawn_e4 < allowed_e4
  )
ORDER BY registered_at_us, institution, number LIMIT :limit;

-- name: keep_prescription
INSERT INTO prescriptions (institution, number, member, issued_on, valid_to, registered_at_us, body)
VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: keep_drug
INSERT INTO prescribed_drugs (institution, number, item_code, allowed_e4, drawn_e4) VALUES (?, ?, ?, ?, 0);

-- name: keep_review
INSERT INTO prescription_reviews (institution, number, body) VALUES (?, ?, ?);

-- name: keep_withdrawal
INSERT INTO prescription_withdrawals (institution, number, body) VALUES (?, ?, ?);

-- name: move_drawn
UPDATE prescribed_drugs SET drawn_e4 = drawn_e4 + ? WHERE institution = ? AND number = ? AND item_code = ?;

-- name: keep_draw
INSERT INTO prescription_draws (request_id, institution, number, item_code, quantity_e4) VALUES (?, ?, ?, ?, ?);

-- name: drop_draw
DELETE FROM prescription_draws
WHERE request_id = ? AND institution = ? AND number = ? AND item_code = ? AND quantity_e4 = ?;
