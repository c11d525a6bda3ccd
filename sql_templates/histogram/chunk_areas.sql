-- chunk_areas: area between each chunk's distribution function and the reference's.
-- A chunk's cell holds some ranks of the chunk, which are as many parts of the reference's ranks; the area is the
-- integral over these of the distance between the cell's mean and the reference's values: up to the number of
-- reference rows below the mean they are smaller, from there on larger. Each needs the reference's sum up to a rank.
-- At the ranks between two cells these sums cancel unless the two functions cross there; then they are looked up:
-- the running sum up to the cell that holds the rank, less the rest of that cell, whose mean is the largest so far.
-- Parts are added in whole steps, so that their order, which other chunks may change, does not matter; parts that
-- are wider than doubles can count in steps are as they are (and some engines' floors are bigints).
-- inputs:
--   {{ chunk_cells }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, row_count bigint, missing_count bigint, is_infinite boolean, quantum double, distance double, rank_before double, rank_after double, reference_below bigint, sum_below double, next_below bigint, chunk_total bigint, reference_total bigint
--   {{ reference_cells }}: segment_column varchar, segment_value varchar, column_name varchar, quantum double, reference_count bigint, reference_steps double, reference_sum double, reference_before bigint
-- grain: chunk_number, segment_column, segment_value, column_name
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   chunk_total bigint
--   missing_count bigint
--   is_infinite boolean    -- whether the chunk holds an infinite value
--   area double            -- in the column's unit
with crossed as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , rank_after
        , case when next_below is null then 1 when next_below <= rank_after then 0 else 2 end
          - case when reference_below >= rank_after then 2 else 0 end as weight
    from {{ chunk_cells }}
    where row_count > 0
), listed as (
    select chunk_number, segment_column, segment_value, column_name, rank_after, weight, cast(null as double) as quantum, 0e0 as reference_count, 0e0 as reference_steps, cast(null as double) as reference_mean
    from crossed
    where weight <> 0
    union all
    select null as chunk_number, segment_column, segment_value, column_name, cast(reference_before as double) as rank_after, 0 as weight, quantum, cast(reference_count as double) as reference_count, reference_steps, reference_sum / reference_count as reference_mean
    from {{ reference_cells }}
    where reference_count > 0
), looked_up as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , max(quantum) over up_to as quantum
        , weight * (
            sum(reference_steps) over up_to * max(quantum) over up_to - (sum(reference_count) over up_to - rank_after) * max(reference_mean) over up_to
        ) as part
    from listed
    window up_to as (partition by segment_column, segment_value, column_name order by rank_after)
), parts as (
    select chunk_number, segment_column, segment_value, column_name, quantum, part, 0 as missing_count, 0 as infinite_count, 0 as chunk_total, 0 as reference_total
    from looked_up
    where chunk_number is not null
    union all
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , quantum
        , case when row_count > 0 then
            distance * (2 * greatest(least(cast(reference_below as double), rank_after), rank_before) - rank_before - rank_after)
            - case when reference_below > rank_before and reference_below < rank_after then 2 * sum_below else 0e0 end
        end as part
        , missing_count
        , case when is_infinite then 1 else 0 end as infinite_count
        , chunk_total
        , reference_total
    from {{ chunk_cells }}
)
select
    chunk_number
    , segment_column
    , segment_value
    , column_name
    , cast(max(chunk_total) as bigint) as chunk_total
    , cast(max(missing_count) as bigint) as missing_count
    , max(infinite_count) > 0 as is_infinite
    , greatest(sum(case when abs(part / quantum) < 9e15 then floor(part / quantum + 0.5e0) else part / quantum end), 0e0) * max(quantum) / nullif(max(reference_total), 0) as area
from parts
group by chunk_number, segment_column, segment_value, column_name
