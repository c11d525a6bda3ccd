-- class_log_loss: mean of -ln(score of the true class), scores at least 1e-15, as they are before calibration.
-- Every row is a positive of one class, so over all classes' positives each row is there once.
-- A row whose label is none of the classes has no such score and is unused.
-- standard error: standard deviation of the rows' losses / sqrt(n), n the rows used.
-- source: Good 1952, "Rational decisions"
-- inputs:
--   {{ score_cells }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, score double, positives double
--   {{ usage }}: family varchar, chunk_number bigint, segment_column varchar, segment_value varchar, row_count bigint, unused_count bigint
-- grain: family, chunk_number, segment_column, segment_value
-- output:
--   family varchar
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   metric varchar
--   column_name varchar
--   component varchar
--   value double         -- at least 0; NULL without rows
--   standard_error double
--   noise_floor double
--   p_value double
--   row_count bigint
--   unused_count bigint
--   note varchar
with summed as (
    select
        family
        , chunk_number
        , segment_column
        , segment_value
        , nullif(sum(positives), 0) as n
        , sum(positives * -ln(greatest(score, 1e-15))) / nullif(sum(positives), 0) as mean_loss
        , sum(positives * power(ln(greatest(score, 1e-15)), 2)) / nullif(sum(positives), 0) as mean_square
    from {{ score_cells }}
    group by family, chunk_number, segment_column, segment_value
), used as (
    select distinct family, chunk_number, segment_column, segment_value, row_count + unused_count as all_count
    from {{ usage }}
)
select
    used.family
    , used.chunk_number
    , used.segment_column
    , used.segment_value
    , 'log_loss' as metric
    , '' as column_name
    , '' as component
    , summed.mean_loss as value
    , sqrt(greatest(summed.mean_square - summed.mean_loss * summed.mean_loss, 0) / summed.n) as standard_error
    , cast(null as double) as noise_floor
    , cast(null as double) as p_value
    , cast(round(coalesce(summed.n, 0)) as bigint) as row_count
    , used.all_count - cast(round(coalesce(summed.n, 0)) as bigint) as unused_count
    , case
        when summed.n is null and used.family = 'realized' then 'no row with a label and a score'
        when summed.n is null then 'no row with a score'
    end as note
from used
left join summed
    on used.family = summed.family
    and used.chunk_number = summed.chunk_number
    and used.segment_column = summed.segment_column
    and used.segment_value = summed.segment_value
