-- deciles: every chunk beside the reference in the reference's deciles; levels stay as they are.
-- A decile is (edge, next edge] of the reference of that segment, its edges placed at those of the fine
-- cells; deciles that fall together are one. The outer two are open, so what is outside the
-- reference's range belongs to them; but where the lowest or highest cell alone holds a tenth of the
-- reference (a constant, zeros, a cap), what is beyond it stands apart, in bin -1.
-- inputs:
--   {{ cell_pairs }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, lower_edge double, row_count bigint, reference_count bigint, chunk_total bigint, reference_total bigint, missing_count bigint
--   {{ bins }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, is_numeric boolean, bin bigint, row_count bigint, reference_count bigint, chunk_total bigint, reference_total bigint, missing_count bigint
-- grain: chunk_number, segment_column, segment_value, column_name, bin
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   is_numeric boolean
--   bin bigint
--   row_count bigint
--   reference_count bigint
--   chunk_total bigint
--   reference_total bigint
--   missing_count bigint
--   has_outside boolean        -- whether what the reference lacks is a cell of its own
{% if cell_pairs %}
select
    chunk_number
    , segment_column
    , segment_value
    , column_name
    , true as is_numeric
    , bin
    , cast(sum(row_count) as bigint) as row_count
    , cast(sum(reference_count) as bigint) as reference_count
    , max(chunk_total) as chunk_total
    , max(reference_total) as reference_total
    , max(missing_count) as missing_count
    , max(heap) >= max(reference_total) as has_outside
from (
    select
        counted.*
        , case
            when reference_total = 0 or (is_below and max(lowest) over series >= reference_total) or (is_above and max(highest) over series >= reference_total) then -1
            else decile
        end as bin
        , greatest(max(lowest) over series, max(highest) over series) as heap
    from (
        select
            chunk_number
            , segment_column
            , segment_value
            , column_name
            , chunk_total
            , reference_total
            , missing_count
            , before + reference_count = 0 as is_below
            , before = reference_total as is_above
            , least(cast(floor(10e0 * before / nullif(reference_total, 0)) as bigint), 9) as decile
            , sum(row_count) as row_count
            , sum(reference_count) as reference_count
            , 10 * max(case when before = 0 then reference_count else 0 end) as lowest
            , 10 * max(case when before + reference_count = reference_total then reference_count else 0 end) as highest
        from (
            select
                cell_pairs.*
                , sum(reference_count) over (
                    partition by chunk_number, segment_column, segment_value, column_name
                    order by bin, lower_edge
                ) - reference_count as before
            from {{ cell_pairs }} as cell_pairs
        ) as ordered
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    ) as counted
    window series as (partition by chunk_number, segment_column, segment_value, column_name)
) as placed
group by 1, 2, 3, 4, 5, 6
{% endif %}
{% if cell_pairs and bins %}union all{% endif %}
{% if bins %}
select chunk_number, segment_column, segment_value, column_name, is_numeric, bin, row_count, reference_count, chunk_total, reference_total, missing_count, true as has_outside
from {{ bins }}
where not is_numeric
{% endif %}
order by chunk_number, segment_column, segment_value, column_name, bin
