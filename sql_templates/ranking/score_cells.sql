-- score_cells: positives and negatives of every score cell, with what stands above and below it.
-- Expected positives and negatives are whole numbers of 2^-30, so that no running sum depends on where the
-- rows of other chunks stand beside it.
-- inputs:
--   {{ outcomes }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, component varchar, cell double, position double, row_count bigint, positives double, negatives double
-- grain: family, chunk_number, segment_column, segment_value, component, cell
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   component varchar
--   cell double
--   score double         -- mean score of the cell, before calibration
--   row_count bigint
--   positives double
--   negatives double
--   positives_above double
--   negatives_above double
--   positive_total double
--   negative_total double
with grouped as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , component
        , cell
        , sum(position * row_count) / sum(row_count) as score
        , cast(sum(row_count) as bigint) as row_count
        , floor(sum(positives) * 1073741824 + 0.5e0) / 1073741824 as positives
        , floor(sum(negatives) * 1073741824 + 0.5e0) / 1073741824 as negatives
    from {{ outcomes }}
    where cell is not null and positives is not null
    group by family, chunk_number, segment_column, segment_value, component, cell
)
select
    family
    , chunk_number
    , segment_column
    , segment_value
    , component
    , cell
    , score
    , row_count
    , positives
    , negatives
    , coalesce(sum(positives) over (partition by family, chunk_number, segment_column, segment_value, component order by cell desc rows between unbounded preceding and 1 preceding), 0) as positives_above
    , coalesce(sum(negatives) over (partition by family, chunk_number, segment_column, segment_value, component order by cell desc rows between unbounded preceding and 1 preceding), 0) as negatives_above
    , sum(positives) over (partition by family, chunk_number, segment_column, segment_value, component) as positive_total
    , sum(negatives) over (partition by family, chunk_number, segment_column, segment_value, component) as negative_total
from grouped
order by family, chunk_number, segment_column, segment_value, component, cell
