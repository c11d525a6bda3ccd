-- bins: every column's histogram on the coarse bins that distances read, beside the reference's.
-- One row for each bin that the reference or the chunk has; bin -1 holds everything outside the
-- reference's range or levels. Missing values have no row here; missing_count carries them.
-- inputs:
--   {{ numeric }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, lower_edge double, row_count bigint, value_sum double
--   {{ categorical }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_name varchar, bin bigint, level varchar, row_count bigint
--   {{ reference_columns }}: column_name varchar, bin_count bigint
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
with coarse as (
    {% if numeric %}
    select
        numeric_histogram.chunk_number
        , numeric_histogram.segment_column
        , numeric_histogram.segment_value
        , numeric_histogram.column_name
        , true as is_numeric
        , case when numeric_histogram.bin >= reference_columns.bin_count then -1 else numeric_histogram.bin end as bin
        , numeric_histogram.row_count
    from {{ numeric }} as numeric_histogram
    inner join {{ reference_columns }} as reference_columns
        on numeric_histogram.column_name = reference_columns.column_name
    {% endif %}
    {% if numeric and categorical %}union all{% endif %}
    {% if categorical %}
    select chunk_number, segment_column, segment_value, column_name, false as is_numeric, bin, row_count
    from {{ categorical }}
    {% endif %}
), chunk_columns as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , is_numeric
        , cast(sum(case when bin is not null then row_count else 0 end) as bigint) as chunk_total
        , cast(sum(case when bin is null then row_count else 0 end) as bigint) as missing_count
    from coarse
    group by chunk_number, segment_column, segment_value, column_name, is_numeric
), reference_bins as (
    select segment_column, segment_value, column_name, bin, cast(sum(row_count) as bigint) as row_count
    from coarse
    where chunk_number % 2 = 1 and bin is not null
    group by segment_column, segment_value, column_name, bin
), paired as (
    select
        chunk_columns.chunk_number
        , chunk_columns.segment_column
        , chunk_columns.segment_value
        , chunk_columns.column_name
        , reference_bins.bin
        , 0 as row_count
        , reference_bins.row_count as reference_count
    from chunk_columns
    inner join reference_bins
        on chunk_columns.segment_column = reference_bins.segment_column
        and chunk_columns.segment_value = reference_bins.segment_value
        and chunk_columns.column_name = reference_bins.column_name
    union all
    select chunk_number, segment_column, segment_value, column_name, -1 as bin, 0 as row_count, 0 as reference_count
    from chunk_columns
    union all
    select chunk_number, segment_column, segment_value, column_name, bin, row_count, 0 as reference_count
    from coarse
    where bin is not null
), merged as (
    select
        chunk_number
        , segment_column
        , segment_value
        , column_name
        , bin
        , cast(sum(row_count) as bigint) as row_count
        , cast(sum(reference_count) as bigint) as reference_count
    from paired
    group by chunk_number, segment_column, segment_value, column_name, bin
)
select
    merged.chunk_number
    , merged.segment_column
    , merged.segment_value
    , merged.column_name
    , chunk_columns.is_numeric
    , merged.bin
    , merged.row_count
    , merged.reference_count
    , chunk_columns.chunk_total
    , cast(sum(merged.reference_count) over (
        partition by merged.chunk_number, merged.segment_column, merged.segment_value, merged.column_name
    ) as bigint) as reference_total
    , chunk_columns.missing_count
from merged
inner join chunk_columns
    on merged.chunk_number = chunk_columns.chunk_number
    and merged.segment_column = chunk_columns.segment_column
    and merged.segment_value = chunk_columns.segment_value
    and merged.column_name = chunk_columns.column_name
