-- reference_columns: the fitted range and number of bins of every numeric column.
-- formula: Doane's rule, bins = ceil(1 + log2(n) + log2(1 + |g| / sigma_g)); g the skewness, sigma_g = sqrt(6(n-2)/((n+1)(n+3)))
-- source: Doane 1976, "Aesthetic frequency classifications"; numpy.histogram_bin_edges(bins='doane')
-- About 1,000 equal cells; as many as 16,000 where the densest would hold more than 0.5 % of the reference.
-- Where not even those are narrow enough, cells are placed by quantiles, which costs three times as much to count.
-- inputs:
--   {{ statistics }}: column_index integer, column_name varchar, row_count bigint, minimum double, maximum double, mean double, deviation double, third_moment double, quantile_1 double, quantile_2 double, quantile_3 double, quantile_4 double, quantile_5 double, quantile_6 double, quantile_7 double
--   {{ density_steps }}: share, lower and upper quantile of every stretch of the distribution
-- grain: column_index
-- output:
--   column_index integer
--   column_name varchar
--   row_count bigint
--   minimum double
--   maximum double
--   mean double
--   deviation double
--   unit double           -- what distances outside the range are measured in
--   bin_count bigint
--   cell_count bigint
--   is_even boolean
--   quantile_1 double
--   quantile_2 double
--   quantile_3 double
--   quantile_4 double
--   quantile_5 double
--   quantile_6 double
--   quantile_7 double
with skewed as (
    select
        statistics.*
        -- A range too narrow to be cut into cells is one value.
        , case when maximum - minimum > 1e-200 then maximum - minimum else 0 * (maximum - minimum) end as extent
        , cast(row_count as double) as n
        , case
            when deviation > 1e-12 * abs(mean) and deviation > 1e-100 and row_count > 2
                then abs(third_moment) / (deviation * deviation * deviation)
        end as skewness
    from {{ statistics }} as statistics
), doane as (
    select
        skewed.*
        , case
            when extent > 0 and skewness >= 0
                then 1 + ln(n) / ln(2e0) + ln(1 + skewness / sqrt(6 * (n - 2) / ((n + 1) * (n + 3)))) / ln(2e0)
            when extent > 0
                then 1 + ln(n) / ln(2e0)
        end as rule
    from skewed
), counted as (
    select
        doane.*
        , cast(case when extent > 0 and row_count > 2 then ceil(extent / (extent / rule)) else 1 end as bigint) as bin_count
    from doane
), refined as (
    select
        counted.*
        , bin_count * (1000 // bin_count + 1) as base_count
        , greatest(
            {% for step in density_steps %}
            coalesce({{ step.share }} * extent / nullif({{ step.upper }} - {{ step.lower }}, 0), 0){% if not loop.last %}, {% endif %}
            {% endfor %}
        ) as peak_density
    from counted
), scaled as (
    select
        refined.*
        , base_count * case
            {% for factor in (1, 2, 4, 8) %}
            when coalesce(peak_density / base_count, 0) <= {{ factor }} * 0.01e0 then {{ factor }}
            {% endfor %}
            else 16
        end as cell_count
    from refined
)
select
    column_index
    , column_name
    , row_count
    , minimum
    , maximum
    , mean
    , deviation
    -- Below the largest double, so that 2^80 of it is a double too.
    , least(coalesce(nullif(maximum - minimum, 0), nullif(abs(maximum), 0), 1), 1e280) as unit
    , bin_count
    , cell_count
    , coalesce(peak_density / cell_count <= 0.01e0, true) as is_even
    , quantile_1
    , quantile_2
    , quantile_3
    , quantile_4
    , quantile_5
    , quantile_6
    , quantile_7
from scaled
