-- kolmogorov_smirnov: largest difference of the two distribution functions, with its asymptotic p-value.
-- formula: sup |F - G|; in [0, 1]; NULL when either side has no rows
-- source: Smirnov 1948. noise floor, over sqrt(1/n + 1/m): the mean sqrt(pi/2) ln 2 of the Kolmogorov
-- distribution, less 0.5826 sum q^(3/2), q the reference's share of each value, because a maximum over
-- steps is below that over a path (Chernoff 1965; near for whole numbers, within a fifth where one value
-- holds most); where there are two values the mean sqrt(2/pi q(1 - q)) of the one difference
-- inputs:
--   {{ chunk_cells }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, missing_count bigint, chunk_total bigint, largest double
--   {{ reference_shapes }}: segment_column varchar, segment_value varchar, column_name varchar, reference_total bigint, has_infinite boolean, value_count bigint, two_value_spread double, step_size double, spread double, reference_deviation double
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
        , max(largest) as statistic
        , cast(max(chunk_total) as double) as chunk_total
        , max(missing_count) as missing_count
    from {{ chunk_cells }}
    group by chunk_number, segment_column, segment_value, column_name
), scaled as (
    select
        largest.*
        , cast(coalesce(reference_shapes.reference_total, 0) as double) as reference_total
        , case
            when value_count <= 2 then sqrt(2 / pi() * two_value_spread)
            else sqrt(pi() / 2) * ln(2e0) - 0.5826e0 * step_size
        end as scaled_floor
        , statistic * sqrt(chunk_total * reference_total / nullif(chunk_total + reference_total, 0)) as scaled_statistic
    from largest
    left join {{ reference_shapes }} as reference_shapes
        on largest.segment_column = reference_shapes.segment_column
        and largest.segment_value = reference_shapes.segment_value
        and largest.column_name = reference_shapes.column_name
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
