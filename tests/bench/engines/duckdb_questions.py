"""The questions in DuckDB's SQL.

Three things make it fast here. Dates become month numbers in one byte: a small range of integers groups by position
instead of by hash. Representatives are named after grouping. And the row before or after, in a table that is held in
order, is a window without partition or order, which streams.
"""

from duckdb_funnel import FUNNEL
from sql import purchases, within

MONTH = "strftime(DATE '2023-01-01' + to_months(({})::INT), '%Y-%m')"
QUARTER = "(2023 + ({0}) // 4) || '-Q' || (({0}) % 4 + 1)"


def months(date):
    """A date's month, numbered from January 2023."""
    return f"(year({date}) * 12 + month({date}) - 24277)"


def quarters(date):
    """A date's quarter, numbered from the first of 2023."""
    return f"(year({date}) * 4 + quarter({date}) - 8093)"


REVENUE = f"""
SELECT strftime(day, '%Y-%m'), sum(amount)
FROM (SELECT date AS day, sum(amount) AS amount FROM orders WHERE {within("date")} GROUP BY 1) GROUP BY 1
"""

WIN_RATE = f"""
SELECT name, won, closed
FROM (SELECT rep, sum(won::INT) AS won, count(*) AS closed FROM opportunities WHERE {within("closed")} GROUP BY 1)
JOIN reps USING (rep) ORDER BY won / closed DESC, name LIMIT 20
"""

DEAL_SIZE = f"""
SELECT product::VARCHAR, {QUARTER.format("quarter")}, amount, deals
FROM (SELECT product, {quarters("closed")}::TINYINT AS quarter, sum(amount) AS amount, count(*) AS deals
    FROM opportunities WHERE won AND {within("closed")} GROUP BY 1, 2)
"""

CYCLE = f"""
SELECT region::VARCHAR, days[1], days[2], deals
FROM (SELECT region, quantile_cont((closed - opened)::INT, [0.5, 0.9]) AS days, count(*) AS deals
    FROM opportunities JOIN reps USING (rep) WHERE won AND {within("closed")} GROUP BY 1)
"""

LEADS = f"""
SELECT source::VARCHAR, {MONTH.format("month")}, converted, leads
FROM (SELECT source, {months("created")}::TINYINT AS month, count(opportunity) AS converted, count(*) AS leads
    FROM leads WHERE {within("created")} GROUP BY 1, 2)
"""

RESPONSE = f"""
SELECT name, response, inquiries
FROM (SELECT rep, median(response_ms) AS response, count(*) AS inquiries
    FROM inquiries WHERE {within("answered")} GROUP BY 1)
JOIN reps USING (rep)
"""

ACTIVITIES_PER_DEAL = f"""
WITH won AS (SELECT opportunity, rep, closed_at FROM opportunities WHERE won AND {within("closed")}),
deals AS (SELECT rep, count(*) AS deals FROM won GROUP BY 1),
done AS (SELECT won.rep, count(*) AS activities
    FROM deal_activities a JOIN won ON a.opportunity = won.opportunity AND a."at" <= won.closed_at GROUP BY 1)
SELECT name, coalesce(activities, 0), deals FROM deals LEFT JOIN done USING (rep) JOIN reps USING (rep)
"""

# What is opened enters and what is closed leaves; what is there is the sum of both until then.
PIPELINE = f"""
WITH flow AS (
    SELECT opened AS day, sum(amount) AS amount FROM opportunities WHERE opened < DATE '2026-01-01' GROUP BY 1
    UNION ALL SELECT closed, -sum(amount) FROM opportunities WHERE closed < DATE '2026-01-01' GROUP BY 1),
change AS (SELECT greatest({months("day")}, 0) AS month, sum(amount) AS amount FROM flow GROUP BY 1)
SELECT {MONTH.format("month")}, sum(amount) OVER (ORDER BY month) FROM change
"""

# A customer's purchases in bits: bit i says that the customer is active on the day before month i begins. A year
# after a purchase is a run of them, the same for all purchases of a day. The rest is counting bits, by twelve and one
# more, of which few patterns exist.
FIRST_BIT = f"greatest({months('date')} + 1, 0)"
PAST_BIT = f"least({months('date + 365')} + 1, 37)"
RETENTION = f"""
WITH calendar AS (SELECT DATE '2022-01-01' + number::INT AS date FROM range(1461) days(number)),
active AS (
    SELECT date, (1::BIGINT << {PAST_BIT}::BIGINT) - (1::BIGINT << {FIRST_BIT}::BIGINT) AS bits FROM calendar),
customer AS (
    SELECT account, bit_or(bits) AS bits
    FROM ({purchases("date >= DATE '2022-01-01' AND date < DATE '2026-01-01'")}) JOIN active USING (date) GROUP BY 1),
pattern AS (
    SELECT year, ((bits >> (12 * year)) & 8191)::SMALLINT AS bits, count(*) AS customers
    FROM customer, range(3) years(year) GROUP BY ALL)
SELECT {MONTH.format("12 * year + month")}, sum(customers) FILTER ((bits >> month) & 1 = 1),
    sum(customers) FILTER ((bits >> month) & 3 = 3)
FROM pattern, range(12) months(month) GROUP BY 12 * year + month
"""

MOVEMENTS = f"""
WITH movement AS (
    SELECT {months("date")}::TINYINT AS month, kind, monthly > before AS up,
        sum(monthly) AS after, sum(before) AS before
    FROM (SELECT date, kind, monthly, lag(monthly) OVER () AS before FROM subscriptions)
    WHERE {within("date")} GROUP BY 1, 2, 3)
SELECT {MONTH.format("month")}, coalesce(sum(after) FILTER (kind = 'started'), 0),
    coalesce(sum(after - before) FILTER (kind = 'changed' AND up), 0),
    coalesce(sum(after - before) FILTER (kind = 'changed' AND NOT up), 0),
    coalesce(-sum(before) FILTER (kind = 'cancelled'), 0), coalesce(sum(after) FILTER (kind = 'reactivated'), 0)
FROM movement GROUP BY month
"""

ATTAINMENT = """
WITH won AS (
    SELECT rep, sum(amount) AS amount FROM opportunities
    WHERE won AND closed >= DATE '2025-07-01' AND closed < DATE '2025-10-01' GROUP BY 1)
SELECT name, coalesce(won.amount, 0), quotas.amount
FROM quotas JOIN reps USING (rep) LEFT JOIN won USING (rep) WHERE first = DATE '2025-07-01'
"""

ACTIVITIES = f"""
SELECT kind::VARCHAR, {MONTH.format("month")}, activities
FROM (SELECT kind, {months("date")}::TINYINT AS month, count(*) AS activities
    FROM activities WHERE {within("date")} GROUP BY 1, 2)
"""

PROMOTERS = f"""
SELECT region::VARCHAR, {QUARTER.format("quarter")}, promoters, detractors, answers
FROM (SELECT region, {quarters("date")}::TINYINT AS quarter, sum((score >= 9)::INT) AS promoters,
        sum((score <= 6)::INT) AS detractors, count(*) AS answers
    FROM surveys JOIN reps USING (rep) WHERE {within("date")} GROUP BY 1, 2)
"""

WIN_RATE_BY_SOURCE = f"""
SELECT source::VARCHAR, product::VARCHAR, year::VARCHAR, won, closed
FROM (SELECT source, product, year(closed)::SMALLINT AS year, sum(won::TINYINT) AS won, count(*) AS closed
    FROM opportunities WHERE {within("closed")} GROUP BY 1, 2, 3)
"""

# A customer's quarters in bits, with everything before the range in bit 0. Only the first is no repeat, unless the
# customer bought twice in it.
REPEAT = f"""
WITH bought AS (
    SELECT account, greatest({quarters("date")} + 1, 0)::TINYINT AS place, count(*) = 1 AS single
    FROM ({purchases("date < DATE '2026-01-01'")}) GROUP BY 1, 2),
customer AS (
    SELECT bit_or(1 << place::INT) AS bits, min(place * 2 + single::TINYINT) AS first FROM bought GROUP BY account),
pattern AS (SELECT bits, first, count(*) AS customers FROM customer GROUP BY 1, 2)
SELECT {QUARTER.format("(place - 1)")}, coalesce(sum(customers) FILTER (first <> place * 2 + 1), 0), sum(customers)
FROM pattern, range(1, 13) places(place) WHERE (bits >> place) & 1 = 1 GROUP BY place
"""

QUESTIONS = {
    "q01": REVENUE,
    "q02": WIN_RATE,
    "q03": DEAL_SIZE,
    "q04": CYCLE,
    "q05": LEADS,
    "q06": RESPONSE,
    "q07": ACTIVITIES_PER_DEAL,
    "q08": PIPELINE,
    "q09": FUNNEL,
    "q10": RETENTION,
    "q11": MOVEMENTS,
    "q12": ATTAINMENT,
    "q13": ACTIVITIES,
    "q14": PROMOTERS,
    "q15": WIN_RATE_BY_SOURCE,
    "q16": REPEAT,
}
