"""The questions in DataFusion's SQL.

It groups fastest by one integer, so a word's code and a day share one; the names of words and months come after
grouping. Its windows are dear, above all with partitions, and a common table expression runs once for every mention.
"""

from questions import MONTHS, STAGES
from sql import within

PLACES = range(len(STAGES))


def during(moment):
    return f"({within(moment, 'TIMESTAMP')})"


def month(date):
    return f"to_char({date}, '%Y-%m')"


def quarter(date):
    return f"date_part('year', {date}) || '-Q' || date_part('quarter', {date})"


def months(date):
    """A date's month, numbered from one at January 2023."""
    return f"(date_part('year', {date}) * 12 + date_part('month', {date}) - 24276)"


def quarters(date):
    """A date's quarter, numbered from one at the first of 2023."""
    return f"(date_part('year', {date}) * 4 + date_part('quarter', {date}) - 8092)"


def word_and_day(word, day):
    return f"{word} * 65536 + CAST({day} AS INT)"


WORD, DAY = "key / 65536", "CAST(key % 65536 AS DATE)"


def purchases(condition):
    return f"""SELECT account, date FROM orders WHERE {condition}
        UNION ALL SELECT account, date FROM subscriptions JOIN subscriptions_kind USING (kind)
        WHERE word = 'started' AND {condition}"""


REVENUE = f"""
SELECT {month("date")}, sum(amount)
FROM (SELECT date, sum(amount) AS amount FROM orders WHERE {within("date")} GROUP BY date) GROUP BY 1
"""

WIN_RATE = f"""
SELECT name, won, closed
FROM (SELECT rep, sum(CAST(won AS INT)) AS won, count(*) AS closed
    FROM opportunities WHERE {within("closed")} GROUP BY rep) rates
JOIN reps USING (rep) ORDER BY CAST(won AS DOUBLE) / closed DESC, name LIMIT 20
"""

DEAL_SIZE = f"""
SELECT word, {quarter("day")}, sum(amount), sum(deals)
FROM (SELECT {WORD} AS product, {DAY} AS day, amount, deals
    FROM (SELECT {word_and_day("product", "closed")} AS key, sum(amount) AS amount, count(*) AS deals
        FROM opportunities WHERE won AND {within("closed")} GROUP BY 1)) days
JOIN opportunities_product USING (product) GROUP BY 1, 2
"""

# Between whole days, these quantiles are tenths; the engine's own interpolation is a millionth off.
CYCLE = f"""
SELECT word, round(percentile_cont(days, 0.5), 1), round(percentile_cont(days, 0.9), 1), count(*)
FROM (SELECT region, CAST(CAST(closed AS INT) - CAST(opened AS INT) AS DOUBLE) AS days
    FROM opportunities JOIN reps USING (rep) WHERE won AND {within("closed")}) cycles
JOIN reps_region USING (region) GROUP BY word
"""

LEADS = f"""
SELECT word, {month("day")}, sum(converted), sum(leads)
FROM (SELECT {WORD} AS source, {DAY} AS day, converted, leads
    FROM (SELECT {word_and_day("source", "created")} AS key, count(opportunity) AS converted, count(*) AS leads
        FROM leads WHERE {within("created")} GROUP BY 1)) days
JOIN leads_source USING (source) GROUP BY 1, 2
"""

RESPONSE = f"""
SELECT name, response, inquiries
FROM (SELECT rep, median(CAST(response_ms AS DOUBLE)) AS response, count(*) AS inquiries
    FROM inquiries WHERE {within("answered")} GROUP BY rep) medians
JOIN reps USING (rep)
"""

ACTIVITIES_PER_DEAL = f"""
WITH won AS (SELECT opportunity, rep, closed_at FROM deals WHERE won AND {within("closed")}),
total AS (SELECT rep, count(*) AS deals FROM won GROUP BY rep),
done AS (SELECT won.rep, count(*) AS activities FROM deal_activities a
    JOIN won ON a.opportunity = won.opportunity WHERE a.at <= won.closed_at GROUP BY won.rep)
SELECT name, coalesce(activities, 0), deals
FROM total LEFT JOIN done ON done.rep = total.rep JOIN reps ON reps.rep = total.rep
"""

PIPELINE = f"""
WITH flow AS (
    SELECT opened AS day, sum(amount) AS amount FROM opportunities WHERE opened < DATE '2026-01-01' GROUP BY 1
    UNION ALL SELECT closed, -sum(amount) FROM opportunities WHERE closed < DATE '2026-01-01' GROUP BY 1),
change AS (SELECT greatest({month("day")}, '2023-01') AS month, sum(amount) AS amount FROM flow GROUP BY 1)
SELECT month, sum(amount) OVER (ORDER BY month) FROM change
"""

ENTRIES = ", ".join(f"min(CASE WHEN stage = {place} THEN at END) AS first{place}" for place in PLACES)
LATER = ", ".join(f"max(CASE WHEN stage >= {place} THEN at END) AS last{place}" for place in PLACES[1:])
ENTERED = ", ".join(f"sum(CASE WHEN {during(f'first{place}')} THEN 1 ELSE 0 END) AS entered{place}" for place in PLACES)
FURTHER = [f"won OR last{place + 1} > first{place}" for place in PLACES[:-1]] + ["won"]
ADVANCED = ", ".join(
    f"sum(CASE WHEN {during(f'first{place}')} AND ({FURTHER[place]}) THEN 1 ELSE 0 END) AS advanced{place}"
    for place in PLACES
)


def choose(name):
    """The column of a stage's place among columns for all places."""
    return "CASE stage " + " ".join(f"WHEN {place} THEN {name}{place}" for place in PLACES) + " END"


FUNNEL = f"""
WITH entry AS (SELECT opportunity, {ENTRIES}, {LATER} FROM stage_changes GROUP BY opportunity),
total AS (SELECT {ENTERED}, {ADVANCED} FROM entry JOIN deals ON deals.opportunity = entry.opportunity),
visit AS (
    SELECT opportunity, stage, at, lead(at) OVER next AS next_at, lead(opportunity) OVER next AS next_opportunity
    FROM stage_changes WINDOW next AS (ORDER BY opportunity, at)),
ended AS (
    SELECT stage, at, CASE WHEN next_opportunity = visit.opportunity THEN next_at ELSE closed_at END AS left_at
    FROM visit LEFT JOIN (SELECT opportunity, closed_at FROM deals WHERE {during("closed_at")}) closed
        ON closed.opportunity = CASE WHEN next_opportunity IS DISTINCT FROM visit.opportunity
            THEN visit.opportunity END),
length AS (
    SELECT stage, sum(CAST(left_at AS BIGINT) - CAST(at AS BIGINT)) / 1000 AS length, count(*) AS visits
    FROM ended WHERE {during("left_at")} GROUP BY stage)
SELECT word, {choose("entered")}, {choose("advanced")}, coalesce(length, 0), coalesce(visits, 0)
FROM stage_changes_stage CROSS JOIN total LEFT JOIN length USING (stage)
"""

# A customer's purchases in bits: bit i says that the customer is active on the day before month i begins. A year
# after a purchase is a run of them. Many customers share a pattern.
FIRST_BIT = f"CAST(greatest({months('date')}, 0) AS BIGINT)"
PAST_BIT = f"CAST(least({months('date + INTERVAL 365 DAY')}, {MONTHS + 1}) AS BIGINT)"
RETENTION = f"""
WITH customer AS (
    SELECT account, bit_or((CAST(1 AS BIGINT) << {PAST_BIT}) - (CAST(1 AS BIGINT) << {FIRST_BIT})) AS bits
    FROM ({purchases("date >= DATE '2022-01-01' AND date < DATE '2026-01-01'")}) GROUP BY account),
pattern AS (SELECT bits, count(*) AS customers FROM customer GROUP BY bits)
SELECT {
    ", ".join(
        f'''sum(customers) FILTER (WHERE bits & {1 << place} <> 0) AS start{place},
    sum(customers) FILTER (WHERE bits & {3 << place} = {3 << place}) AS kept{place}'''
        for place in range(MONTHS)
    )
}
FROM pattern
"""

MOVEMENTS = f"""
WITH movement AS (
    SELECT date, kind, monthly > before AS up, sum(monthly) AS after, sum(before) AS before
    FROM (SELECT date, kind, monthly, lag(monthly) OVER (ORDER BY account, at) AS before FROM subscriptions)
    WHERE {within("date")} GROUP BY 1, 2, 3)
SELECT {month("date")}, coalesce(sum(after) FILTER (WHERE word = 'started'), 0),
    coalesce(sum(after - before) FILTER (WHERE word = 'changed' AND up), 0),
    coalesce(sum(after - before) FILTER (WHERE word = 'changed' AND NOT up), 0),
    coalesce(-sum(before) FILTER (WHERE word = 'cancelled'), 0),
    coalesce(sum(after) FILTER (WHERE word = 'reactivated'), 0)
FROM movement JOIN subscriptions_kind USING (kind) GROUP BY 1
"""

ATTAINMENT = """
WITH won AS (
    SELECT rep, sum(amount) AS amount FROM opportunities
    WHERE won AND closed >= DATE '2025-07-01' AND closed < DATE '2025-10-01' GROUP BY rep)
SELECT name, coalesce(won.amount, 0), quotas.amount
FROM quotas JOIN reps ON reps.rep = quotas.rep LEFT JOIN won ON won.rep = quotas.rep WHERE first = DATE '2025-07-01'
"""

ACTIVITIES = f"""
SELECT word, {month("day")}, sum(activities)
FROM (SELECT {WORD} AS kind, {DAY} AS day, activities
    FROM (SELECT {word_and_day("kind", "date")} AS key, count(*) AS activities
        FROM activities WHERE {within("date")} GROUP BY 1)) days
JOIN activities_kind USING (kind) GROUP BY 1, 2
"""

PROMOTERS = f"""
SELECT word, {quarter("day")}, sum(promoters), sum(detractors), sum(answers)
FROM (SELECT {WORD} AS region, {DAY} AS day, promoters, detractors, answers
    FROM (SELECT {word_and_day("region", "date")} AS key, sum(CAST(score >= 9 AS INT)) AS promoters,
            sum(CAST(score <= 6 AS INT)) AS detractors, count(*) AS answers
        FROM surveys JOIN reps USING (rep) WHERE {within("date")} GROUP BY 1)) days
JOIN reps_region USING (region) GROUP BY 1, 2
"""

WIN_RATE_BY_SOURCE = f"""
SELECT s.word AS source, p.word AS product, CAST(key / 65536 AS VARCHAR), won, closed
FROM (SELECT (date_part('year', closed) * 256 + source) * 256 + product AS key,
        sum(CAST(won AS INT)) AS won, count(*) AS closed
    FROM opportunities WHERE {within("closed")} GROUP BY 1)
JOIN opportunities_source s ON s.source = key / 256 % 256 JOIN opportunities_product p ON p.product = key % 256
"""

# In order of customer and quarter, whoever follows the same customer has bought in an earlier quarter.
REPEAT = f"""
WITH bought AS (
    SELECT key % 16 AS quarter, purchases, key / 16 = lag(key / 16) OVER (ORDER BY key) AS known
    FROM (SELECT account * 16 + CAST(greatest({quarters("date")}, 0) AS INT) AS key, count(*) AS purchases
        FROM ({purchases("date < DATE '2026-01-01'")}) GROUP BY 1))
SELECT (2023 + (quarter - 1) / 4) || '-Q' || ((quarter - 1) % 4 + 1),
    sum(CASE WHEN known OR purchases > 1 THEN 1 ELSE 0 END), count(*)
FROM bought WHERE quarter > 0 GROUP BY quarter
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
