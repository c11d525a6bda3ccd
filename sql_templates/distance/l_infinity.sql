-- l_infinity: largest difference of a level's proportion; unseen levels count as one.
-- formula: max |p - q|; in [0, 1]; NULL when either side has no rows
-- noise floor: integral of 1 - (product over levels of P(|Z| < t / s))^((K-1)/K), s = sqrt(q(1-q)(1/n+1/m)):
-- the mean of the largest of K normals, as if K - 1 of them were independent (exact for two levels);
-- midpoint rule up to 6 times the largest s, the normal's integral by Abramowitz and Stegun 7.1.26
-- inputs:
--   {{ bins }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, is_numeric boolean, bin bigint, row_count bigint, reference_count bigint, chunk_total bigint, reference_total bigint, missing_count bigint
-- grain: chunk_number, segment_column, segment_value, column_name
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   family varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   value double
--   standard_error double
--   noise_floor double
--   p_value double
--   row_count bigint
--   unused_count bigint
--   note varchar
with differences as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , row_count / cast(nullif(chunk_total, 0) as double) - reference_count / cast(nullif(reference_total, 0) as double) as difference
        , sqrt(reference_count / cast(nullif(reference_total, 0) as double) * (1 - reference_count / cast(nullif(reference_total, 0) as double)) * (1e0 / nullif(chunk_total, 0) + 1e0 / nullif(reference_total, 0))) as spread
        , chunk_total
        , reference_total
        , missing_count
    from {{ bins }}
    where not is_numeric
), measured as (
    select
        differences.*
        , max(spread) over series as largest
        , sum(case when spread > 0 then 1 else 0 end) over series as level_count
    from differences
    window series as (partition by chunk_number, segment_column, segment_value, column_name)
), stepped as (
    select measured.*, steps.step, steps.step * largest / (spread * sqrt(2e0)) as x
    from measured
    inner join ({% for number in range(24) %}{% if not loop.first %} union all {% endif %}select {{ number }} / 4e0 + 0.125e0 as step{% endfor %}) as steps
        on steps.step * largest < 6 * spread
), chances as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , max(largest) / 4 * (1 - exp(sum(ln(greatest(1e-300, 1 - exp(-x * x) * (((((1.061405429e0 / (1 + 0.3275911e0 * x) - 1.453152027e0) / (1 + 0.3275911e0 * x) + 1.421413741e0) / (1 + 0.3275911e0 * x) - 0.284496736e0) / (1 + 0.3275911e0 * x) + 0.254829592e0) / (1 + 0.3275911e0 * x))))) * (max(level_count) - 1) / max(level_count))) as area
    from stepped
    group by chunk_number, segment_column, segment_value, column_name, step
), floors as (
    -- Steps come in an order that depends on how many rows there are; whole numbers add up alike in any.
    select chunk_number, segment_column, segment_value, column_name, sum(floor(area * 281474976710656e0)) / 281474976710656e0 as noise_floor
    from chances
    group by chunk_number, segment_column, segment_value, column_name
)
select
    differences.chunk_number
    , differences.segment_column
    , differences.segment_value
    , 'drift' as family
    , 'l_infinity' as metric
    , differences.column_name
    , '' as component
    , max(abs(differences.difference)) as value
    , cast(null as double) as standard_error
    , case when max(abs(differences.difference)) >= 0 then coalesce(max(floors.noise_floor), 0e0) end as noise_floor
    , cast(null as double) as p_value
    , max(differences.chunk_total) as row_count
    , max(differences.missing_count) as unused_count
    , case when max(differences.reference_total) = 0 then 'the reference has no values' when max(differences.chunk_total) = 0 then 'no values' end as note
from differences
left join floors
    on differences.chunk_number = floors.chunk_number
    and differences.segment_column = floors.segment_column
    and differences.segment_value = floors.segment_value
    and differences.column_name = floors.column_name
group by 1, 2, 3, 4, 5, 6, 7
