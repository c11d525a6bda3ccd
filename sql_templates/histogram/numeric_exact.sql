-- numeric_exact: the stored histogram of every numeric column, a row per distinct value.
-- Bins are compared with their edges, so they equal numpy.histogram's to the last value.
-- inputs:
--   {{ value_counts }}: chunk_number bigint, segment_column varchar, segment_value varchar, column_index integer, value double, row_count bigint
--   {{ reference_columns }}: column_index integer, column_name varchar, minimum double, maximum double, bin_count bigint
-- grain: chunk_number, segment_column, segment_value, column_name, bin, lower_edge
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   column_name varchar
--   bin bigint
--   lower_edge double
--   row_count bigint
--   value_sum double
--   square_sum double
--   lowest_value double
--   highest_value double
with measured as (
    select
        value_counts.chunk_number
        , value_counts.segment_column
        , value_counts.segment_value
        , value_counts.value
        , value_counts.row_count
        , reference_columns.column_name
        , reference_columns.minimum
        , reference_columns.maximum
        , reference_columns.bin_count
        , (reference_columns.maximum - reference_columns.minimum) / reference_columns.bin_count as width
    from {{ value_counts }} as value_counts
    inner join {{ reference_columns }} as reference_columns
        on value_counts.column_index = reference_columns.column_index
), guessed as (
    select
        measured.*
        , case
            when value >= minimum and value <= maximum
                then cast(floor(coalesce((value - minimum) / nullif(width, 0), 0)) as bigint)
        end as guess
    from measured
)
select
    chunk_number
    , segment_column
    , segment_value
    , column_name
    , case
        when value is null then null
        when value < minimum then -1
        when guess is null then bin_count
        else greatest(least(
            guess
            - case when value < minimum + guess * width then 1 else 0 end
            + case when value >= minimum + (guess + 1) * width then 1 else 0 end
            , bin_count - 1), 0)
    end as bin
    , value as lower_edge
    , row_count
    , row_count * value as value_sum
    , 0e0 as square_sum
    , value as lowest_value
    , value as highest_value
from guessed
