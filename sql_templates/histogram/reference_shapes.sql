-- reference_shapes: what distances' noise floors and units take from the reference alone.
-- inputs:
--   {{ reference_cells }}: segment_column varchar, segment_value varchar, column_name varchar, bin bigint, lower_edge double, width double, center double, is_infinite boolean, reference_count bigint, reference_sum double, reference_before bigint, reference_total bigint
--   {{ reference_columns }}: column_name varchar, minimum double, maximum double, deviation double
-- grain: segment_column, segment_value, column_name
-- output:
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   reference_total bigint
--   has_infinite boolean       -- whether the reference holds an infinite value
--   value_count bigint         -- cells that the reference has
--   two_value_spread double    -- largest q (1 - q), q a cell's share of the reference
--   step_size double           -- sum of q^(3/2)
--   spread double              -- integral of sqrt(F (1 - F)), F the reference's mean over each cell
--   reference_deviation double -- population standard deviation of the column's whole reference; 0 where all is equal
with shares as (
    select
        reference_cells.*
        , reference_count / cast(nullif(reference_total, 0) as double) as share
        , case
            when width <= 1.7e308 and not is_infinite
                then (reference_before * width + reference_count * (lower_edge + width - center) - reference_sum) / nullif(reference_total, 0)
            else 0e0
        end as area
    from {{ reference_cells }} as reference_cells
), summed as (
    select
        segment_column
        , segment_value
        , column_name
        , max(reference_total) as reference_total
        , sum(case when is_infinite and reference_count > 0 then 1 else 0 end) > 0 as has_infinite
        , cast(sum(case when share > 0 then 1 else 0 end) as bigint) as value_count
        , max(share * (1 - share)) as two_value_spread
        , sum(share * sqrt(share)) as step_size
        , sum(case when width <= 1.7e308 then sqrt(greatest(area * (width - area), 0e0)) else 0e0 end) as spread
    from shares
    group by segment_column, segment_value, column_name
)
select
    summed.*
    , case when reference_columns.maximum > reference_columns.minimum then reference_columns.deviation else 0e0 end as reference_deviation
from summed
left join {{ reference_columns }} as reference_columns
    on summed.column_name = reference_columns.column_name
