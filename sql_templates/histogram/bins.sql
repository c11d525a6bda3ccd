-- bins: every chunk's coarse bins beside the reference's.
-- One row for each bin that the reference or the chunk has, and always one for bin -1, which holds
-- everything outside the reference's range or levels. Missing values have no row; missing_count carries them.
-- inputs:
--   {{ doane_bins }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, is_numeric boolean, bin bigint, row_count bigint
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
with series as (
    select distinct chunk_number, segment_column, segment_value, column_name, is_numeric
    from {{ doane_bins }}
), reference_bins as (
    select segment_column, segment_value, column_name, bin, sum(row_count) as reference_count
    from {{ doane_bins }}
    where chunk_number % 2 = 1 and bin is not null
    group by segment_column, segment_value, column_name, bin
), paired as (
    select series.*, reference_bins.bin, 0 as row_count, reference_bins.reference_count
    from series
    inner join reference_bins
        on series.segment_column = reference_bins.segment_column
        and series.segment_value = reference_bins.segment_value
        and series.column_name = reference_bins.column_name
    union all
    select series.*, -1 as bin, 0 as row_count, 0 as reference_count
    from series
    union all
    select chunk_number, segment_column, segment_value, column_name, is_numeric, bin, row_count, 0 as reference_count
    from {{ doane_bins }}
), merged as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , is_numeric
        , bin
        , sum(row_count) as row_count
        , sum(reference_count) as reference_count
    from paired
    group by chunk_number, segment_column, segment_value, column_name, is_numeric, bin
), totals as (
    select
        merged.*
        , sum(case when bin is not null then row_count else 0 end) over series_rows as chunk_total
        , sum(reference_count) over series_rows as reference_total
        , sum(case when bin is null then row_count else 0 end) over series_rows as missing_count
    from merged
    window series_rows as (partition by chunk_number, segment_column, segment_value, column_name)
)
select
    chunk_number
    , segment_column
    , segment_value
    , column_name
    , is_numeric
    , bin
    , cast(row_count as bigint) as row_count
    , cast(reference_count as bigint) as reference_count
    , cast(chunk_total as bigint) as chunk_total
    , cast(reference_total as bigint) as reference_total
    , cast(missing_count as bigint) as missing_count
from totals
where bin is not null
order by chunk_number, segment_column, segment_value, column_name, bin
