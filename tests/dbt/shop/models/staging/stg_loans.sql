{{ config(materialized='ephemeral') }}
select loan_id, asked_at, amount, grade, score, predicted from {{ source('bank', 'loans') }}
