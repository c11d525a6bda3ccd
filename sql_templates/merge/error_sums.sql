-- error_sums: the sums over errors of merged chunks; means weighted by their rows, the deviation around the joint mean.
-- inputs:
--   {{ error_sums }}: chunk_number bigint, segment_column varchar, segment_value varchar, row_count bigint, unused_count bigint, infinite_count bigint, zero_count bigint, negative_count bigint, n double, absolute_sum double, error_sum double, squared_sum double, fourth_sum double, relative_sum double, relative_squared_sum double, log_squared_sum double, log_fourth_sum double, target_mean double, target_deviation double, target_second double, target_third double, target_fourth double, squared_target_sum double, squared_target_square_sum double
--   {{ members }}: chunk_number bigint, merged_number bigint, pair varchar
-- grain: chunk_number, segment_column, segment_value
-- output:
--   chunk_number bigint
--   segment_column varchar
--   segment_value varchar
--   row_count bigint
--   unused_count bigint
--   infinite_count bigint
--   zero_count bigint
--   negative_count bigint
--   n double
--   absolute_sum double
--   error_sum double
--   squared_sum double
--   fourth_sum double
--   relative_sum double
--   relative_squared_sum double
--   log_squared_sum double
--   log_fourth_sum double
--   target_mean double
--   target_deviation double
--   target_second double
--   target_third double
--   target_fourth double
--   squared_target_sum double
--   squared_target_square_sum double
with placed as (
    select
        counts.*
        , members.merged_number
        , members.pair
        , sum(counts.n * counts.target_mean) over merged / nullif(sum(counts.n) over merged, 0) as joint_mean
    from {{ error_sums }} as counts
    inner join {{ members }} as members on counts.chunk_number = members.chunk_number
    window merged as (partition by members.merged_number, counts.segment_column, counts.segment_value)
)
select
    merged_number as chunk_number
    , segment_column
    , pair || segment_value as segment_value
    , cast(sum(row_count) as bigint) as row_count
    , cast(sum(unused_count) as bigint) as unused_count
    , cast(sum(infinite_count) as bigint) as infinite_count
    , cast(sum(zero_count) as bigint) as zero_count
    , cast(sum(negative_count) as bigint) as negative_count
    , sum(n) as n
    , sum(absolute_sum) as absolute_sum
    , sum(error_sum) as error_sum
    , sum(squared_sum) as squared_sum
    , sum(fourth_sum) as fourth_sum
    , sum(relative_sum) as relative_sum
    , sum(relative_squared_sum) as relative_squared_sum
    , sum(log_squared_sum) as log_squared_sum
    , sum(log_fourth_sum) as log_fourth_sum
    , max(joint_mean) as target_mean
    -- Equal targets have no deviation, not one of the last bits that their means differ in.
    , case
        when max(target_deviation) = 0 and max(target_mean) - min(target_mean) <= 1e-12 * abs(max(target_mean)) then 0e0
        else sqrt(sum(n * (target_deviation * target_deviation + (target_mean - joint_mean) * (target_mean - joint_mean))) / nullif(sum(n), 0))
    end as target_deviation
    , sum(n * target_second) / nullif(sum(n), 0) as target_second
    , sum(n * target_third) / nullif(sum(n), 0) as target_third
    , sum(n * target_fourth) / nullif(sum(n), 0) as target_fourth
    , sum(squared_target_sum) as squared_target_sum
    , sum(squared_target_square_sum) as squared_target_square_sum
from placed
group by 1, 2, 3
order by chunk_number, segment_column, segment_value
