-- rules: how the threshold of every metric is set; the most specific word of the user wins.
-- scope 0 is for the whole population and every segment, 1 for every value of one segment column, 2 for one value.
-- inputs:
--   {{ rules }}: family, metric, column_name, scope, segment_column, segment_value, kind, lower, upper, lower_limit, upper_limit
-- grain: family, metric, column_name, scope, segment_column, segment_value
-- output:
--   family varchar
--   metric varchar
--   column_name varchar
--   scope integer
--   segment_column varchar
--   segment_value varchar
--   kind varchar
--   lower_value double
--   upper_value double
--   lower_limit double
--   upper_limit double
select
    family
    , metric
    , column_name
    , scope
    , segment_column
    , cast(segment_value as varchar) as segment_value
    , kind
    , cast(lower_value as double) as lower_value
    , cast(upper_value as double) as upper_value
    , cast(lower_limit as double) as lower_limit
    , cast(upper_limit as double) as upper_limit
from (
    values
    {% for rule in rules %}
    {% if not loop.first %}, {% endif %}({{ rule.family }}, {{ rule.metric }}, {{ rule.column_name }}, {{ rule.scope }}, {{ rule.segment_column }}, {{ rule.segment_value }}, {{ rule.kind }}, {{ rule.lower }}, {{ rule.upper }}, {{ rule.lower_limit }}, {{ rule.upper_limit }})
    {% endfor %}
) as rules (family, metric, column_name, scope, segment_column, segment_value, kind, lower_value, upper_value, lower_limit, upper_limit)
