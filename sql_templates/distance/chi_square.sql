-- chi_square: statistic of the 2 x K table of levels by reference and chunk, with its p-value.
-- formula: sum (observed - expected)^2 / expected; Yates' correction where the table is 2 x 2; >= 0
-- p-value: closed forms of the upper incomplete gamma function for whole and half degrees of freedom,
-- erfc by Abramowitz and Stegun's continued fraction or series; absolute error below 1e-9
-- source: Pearson 1900; scipy.stats.chi2_contingency. noise floor: the degrees of freedom
-- inputs:
--   {{ bins }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, is_numeric boolean, bin bigint, row_count bigint, reference_count bigint, chunk_total bigint, reference_total bigint, missing_count bigint
--   {{ max_levels }}: terms that the sums of the tail can need
--   {{ erfc }}: the complementary error function of root
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
with cells as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , chunk_total
        , reference_total
        , missing_count
        , cast(row_count as double) as observed
        , cast(row_count + reference_count as double) * chunk_total / (chunk_total + reference_total) as expected
        , cast(row_count + reference_count as double) * reference_total / (chunk_total + reference_total) as expected_reference
        , cast(reference_count as double) as observed_reference
        , count(*) over (partition by chunk_number, segment_column, segment_value, column_name) as level_count
    from {{ bins }}
    where not is_numeric and row_count + reference_count > 0
), corrected as (
    select
        cells.*
        , abs(observed - expected) - case when level_count = 2 then least(0.5e0, abs(observed - expected)) else 0 end as difference
    from cells
), statistics as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , max(chunk_total) as chunk_total
        , max(reference_total) as reference_total
        , max(missing_count) as missing_count
        , max(level_count) - 1 as degrees
        , sum(difference * difference / nullif(expected, 0) + difference * difference / nullif(expected_reference, 0)) as statistic
    from corrected
    group by chunk_number, segment_column, segment_value, column_name
), halves as (
    select
        statistics.*
        , statistic / 2 as half
        , sqrt(statistic / 2) as root
        , degrees % 2 as is_odd
        , (degrees - degrees % 2) // 2 as whole
    from statistics
), terms as (
    select unnest(range(0, {{ max_levels }} // 2 + 2)) as term
), factorials as (
    select
        term
        , coalesce(sum(ln(nullif(cast(term as double), 0))) over (order by term rows between unbounded preceding and current row), 0) as log_factorial
        , sum(ln(term + 0.5e0)) over (order by term rows between unbounded preceding and current row) + 0.5e0 * ln(pi()) as log_half_factorial
    from terms
), tails as (
    select
        halves.chunk_number
        , halves.segment_column
        , halves.segment_value
        , halves.column_name
        , sum(case
            when halves.is_odd = 0 then exp(factorials.term * ln(halves.half) - halves.half - factorials.log_factorial)
            else exp((factorials.term + 0.5e0) * ln(halves.half) - halves.half - factorials.log_half_factorial)
        end) as tail
    from halves
    inner join factorials on halves.whole > factorials.term
    where halves.half > 0
    group by halves.chunk_number, halves.segment_column, halves.segment_value, halves.column_name
)
select
    halves.chunk_number
    , halves.segment_column
    , halves.segment_value
    , 'drift' as family
    , 'chi_square' as metric
    , halves.column_name
    , '' as component
    , case when halves.chunk_total > 0 and halves.reference_total > 0 then coalesce(halves.statistic, 0) end as value
    , cast(null as double) as standard_error
    , cast(halves.degrees as double) as noise_floor
    , case
        when not (halves.chunk_total > 0 and halves.reference_total > 0) then null
        when halves.degrees = 0 or halves.half <= 0 then 1e0
        else least(1e0, coalesce(tails.tail, 0) + case when halves.is_odd = 1 then {{ erfc }} else 0 end)
    end as p_value
    , halves.chunk_total as row_count
    , halves.missing_count as unused_count
    , case when halves.reference_total = 0 then 'the reference has no values' when halves.chunk_total = 0 then 'no values' end as note
from halves
left join tails
    on halves.chunk_number = tails.chunk_number
    and halves.segment_column = tails.segment_column
    and halves.segment_value = tails.segment_value
    and halves.column_name = tails.column_name
