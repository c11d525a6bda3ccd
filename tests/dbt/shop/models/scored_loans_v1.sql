select loan_id, asked_at, amount, score, predicted from {{ ref('stg_loans') }}
