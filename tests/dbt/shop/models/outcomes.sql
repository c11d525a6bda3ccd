{{ config(alias='loan_outcomes', schema='labels') }}
select loan_id, defaulted from {{ source('bank', 'loans') }}
