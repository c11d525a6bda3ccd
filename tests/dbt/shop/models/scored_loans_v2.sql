select loan_id, asked_at, amount, grade, score, predicted from {{ ref('stg_loans') }}
