{{ config(enabled=var('with_trap', false), meta={'sqlmonitor': {'chunks': 'month'}}) }}
select loan_id, asked_at, amount, grade from {{ ref('stg_loans') }}
