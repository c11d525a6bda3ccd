-- sample_size: how many reference rows, up to 20,000, the sample holds that places the cells.
-- Placing needs quantiles, and a tenth of a large reference places as well as all of it.
-- inputs:
--   {{ rows }}: chunk_number bigint, fold integer
-- grain: one row
-- output:
--   sample_row_count bigint
select count(*) as sample_row_count
from (
    select fold
    from {{ rows }} as source_rows
    where fold = 0
    limit 20000
) as sample
