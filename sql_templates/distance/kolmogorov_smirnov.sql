-- kolmogorov_smirnov: largest difference of the two distribution functions, with its asymptotic p-value.
-- formula: sup |F - G|; in [0, 1]; NULL when either side has no rows
-- source: Smirnov 1948. noise floor, over sqrt(1/n + 1/m): the mean sqrt(pi/2) ln 2 of the Kolmogorov
-- distribution, less 0.5826 sum q^(3/2), q the reference's share of each value, because a maximum over
-- steps is below that over a path (Chernoff 1965; near for whole numbers, within a fifth where one value
-- holds most); where there are two values the mean sqrt(2/pi q(1 - q)) of the one difference
-- inputs:
--   {{ distribution_functions }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, edge double, chunk_total double, reference_total double, missing_count bigint, difference_before double, difference_after double, width double, area double, absolute_area double, largest_inside double, reference_share double, reference_area double, reference_deviation double
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
with largest as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , case when max(largest_inside) > max(abs(difference_after)) then max(largest_inside) else max(abs(difference_after)) end as statistic
        , case
            when sum(case when reference_share > 0 then 1 else 0 end) <= 2 then sqrt(2 / pi() * max(reference_share * (1 - reference_share)))
            else sqrt(pi() / 2) * ln(2e0) - 0.5826e0 * sum(reference_share * sqrt(reference_share))
        end as scaled_floor
        , max(chunk_total) as chunk_total
        , max(reference_total) as reference_total
        , max(missing_count) as missing_count
    from {{ distribution_functions }}
    group by chunk_number, segment_column, segment_value, column_name
), scaled as (
    select
        largest.*
        , statistic * sqrt(chunk_total * reference_total / nullif(chunk_total + reference_total, 0)) as scaled_statistic
    from largest
)
select
    chunk_number
    , segment_column
    , segment_value
    , 'drift' as family
    , 'kolmogorov_smirnov' as metric
    , column_name
    , '' as component
    , statistic as value
    , cast(null as double) as standard_error
    , scaled_floor * sqrt(1 / nullif(chunk_total, 0) + 1 / nullif(reference_total, 0)) as noise_floor
    , case
        when scaled_statistic is null then null
        when scaled_statistic < 0.04 then 1e0
        when scaled_statistic < 1 then greatest(0, 1 - sqrt(2 * pi()) / scaled_statistic * (
            {% for odd in (1, 3, 5, 7) %}{% if not loop.first %} + {% endif %}exp(-{{ odd * odd }} * pi() * pi() / (8 * scaled_statistic * scaled_statistic)){% endfor %}
        ))
        else 2 * (
            exp(-2 * scaled_statistic * scaled_statistic) - exp(-8 * scaled_statistic * scaled_statistic) + exp(-18 * scaled_statistic * scaled_statistic) - exp(-32 * scaled_statistic * scaled_statistic)
        )
    end as p_value
    , cast(chunk_total as bigint) as row_count
    , missing_count as unused_count
    , case when reference_total = 0 then 'the reference has no values' when statistic is null then 'no values' end as note
from scaled
