-- contingency: statistics of the 2 x K table of levels by reference and chunk.
-- Levels that neither side has are no part of the table; all that the reference lacks are one level.
-- inputs:
--   {{ bins }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, is_numeric boolean, bin bigint, row_count bigint, reference_count bigint, chunk_total bigint, reference_total bigint, missing_count bigint
-- grain: chunk_number, segment_column, segment_value, column_name
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   chunk_total bigint
--   reference_total bigint
--   missing_count bigint
--   degrees bigint                 -- K - 1
--   statistic double               -- Pearson's, with Yates' correction where the table is 2 x 2
--   uncorrected_statistic double
--   variance double                -- of a level's count in a 2 x 2 table, given the margins; NULL for others
with cells as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , chunk_total
        , reference_total
        , missing_count
        , count(*) over (partition by chunk_number, segment_column, segment_value, column_name) as level_count
        , cast(row_count + reference_count as double) * chunk_total / (chunk_total + reference_total) as expected
        , cast(row_count + reference_count as double) * reference_total / (chunk_total + reference_total) as expected_reference
        , abs(row_count - cast(row_count + reference_count as double) * chunk_total / (chunk_total + reference_total)) as difference
    from {{ bins }}
    where not is_numeric and row_count + reference_count > 0
), weighed as (
    select
        cells.*
        , 1 / nullif(expected, 0) + 1 / nullif(expected_reference, 0) as weight
        , difference - case when level_count = 2 then least(0.5e0, difference) else 0 end as corrected
    from cells
), series as (
    select distinct chunk_number, segment_column, segment_value, column_name, chunk_total, reference_total, missing_count
    from {{ bins }}
    where not is_numeric
)
select
    series.chunk_number
    , series.segment_column
    , series.segment_value
    , series.column_name
    , series.chunk_total
    , series.reference_total
    , series.missing_count
    , coalesce(max(weighed.level_count) - 1, 0) as degrees
    , case when series.chunk_total > 0 and series.reference_total > 0 then sum(weighed.corrected * weighed.corrected * weighed.weight) end as statistic
    , case when series.chunk_total > 0 and series.reference_total > 0 then sum(weighed.difference * weighed.difference * weighed.weight) end as uncorrected_statistic
    , case when max(weighed.level_count) = 2 then 1 / sum(weighed.weight) end as variance
from series
left join weighed
    on series.chunk_number = weighed.chunk_number
    and series.segment_column = weighed.segment_column
    and series.segment_value = weighed.segment_value
    and series.column_name = weighed.column_name
group by 1, 2, 3, 4, 5, 6, 7
