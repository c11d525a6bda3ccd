select loan_id, asked_at, amount, grade from {{ ref('stg_loans') }}
