"""The questions in ClickHouse's SQL.

Its functions of dates are so fast that grouping by month directly is best. Columns that a condition has shown not to be
null are read as such, which halves a grouping's time.
"""

from questions import MONTHS, STAGES
from sql import purchases

MONTH = "concat(toString(intDiv({0}, 100)), '-', leftPad(toString({0} % 100), 2, '0'))"
QUARTER = "concat(toString(intDiv({0}, 4)), '-Q', toString({0} % 4 + 1))"


def within(column):
    return f"{column} >= '2023-01-01' AND {column} < '2026-01-01'"


def quarters(date):
    return f"(toYear({date}) * 4 + toQuarter({date}) - 1)"


REVENUE = f"""
SELECT {MONTH.format("month")}, total
FROM (SELECT toYYYYMM(date) AS month, sum(amount) AS total FROM orders WHERE {within("date")} GROUP BY month)
"""

WIN_RATE = f"""
SELECT name, wins, deals
FROM (SELECT rep, countIf(assumeNotNull(won)) AS wins, count() AS deals
    FROM opportunities WHERE {within("closed")} GROUP BY rep) AS rates
JOIN reps USING (rep) ORDER BY wins / deals DESC, name LIMIT 20
"""

DEAL_SIZE = f"""
SELECT toString(product), {QUARTER.format("quarter")}, total, deals
FROM (SELECT product, {quarters("assumeNotNull(closed)")} AS quarter, sum(amount) AS total, count() AS deals
    FROM opportunities WHERE won AND {within("closed")} GROUP BY product, quarter)
"""

CYCLE = f"""
SELECT toString(region), days[1], days[2], deals
FROM (SELECT region, quantilesExactInclusive(0.5, 0.9)(length) AS days, count() AS deals
    FROM (SELECT rep, toInt32(assumeNotNull(closed)) - toInt32(opened) AS length
        FROM opportunities WHERE won AND {within("closed")}) AS cycles
    JOIN reps USING (rep) GROUP BY region)
"""

LEADS = f"""
SELECT toString(source), {MONTH.format("month")}, converted, leads
FROM (SELECT source, toYYYYMM(created) AS month, count(opportunity) AS converted, count() AS leads
    FROM leads WHERE {within("created")} GROUP BY source, month)
"""

RESPONSE = f"""
SELECT name, response, inquiries
FROM (SELECT rep, quantileExactInclusive(0.5)(assumeNotNull(response_ms)) AS response, count() AS inquiries
    FROM inquiries WHERE {within("answered")} GROUP BY rep) AS medians
JOIN reps USING (rep)
"""

ACTIVITIES_PER_DEAL = f"""
WITH won AS (
    SELECT opportunity, rep, assumeNotNull(closed_at) AS closing FROM opportunities WHERE won AND {within("closed")})
SELECT name, done.activities, total.deals
FROM (SELECT rep, count() AS deals FROM won GROUP BY rep) AS total
LEFT JOIN (SELECT rep, count() AS activities FROM deal_activities
    JOIN won ON deal_activities.opportunity = won.opportunity WHERE at <= closing GROUP BY rep) AS done USING (rep)
JOIN reps USING (rep)
"""

PIPELINE = f"""
SELECT {MONTH.format("month")}, sum(change) OVER (ORDER BY month)
FROM (SELECT greatest(toYYYYMM(day), 202301) AS month, sum(flow) AS change
    FROM (SELECT opened AS day, sum(amount) AS flow FROM opportunities WHERE opened < '2026-01-01' GROUP BY day
        UNION ALL
        SELECT assumeNotNull(closed) AS day, -sum(amount) AS flow
        FROM opportunities WHERE closed < '2026-01-01' GROUP BY day)
    GROUP BY month)
"""

# An opportunity's entries as arrays. They are put in order here, because two threads that meet in the middle of an
# opportunity may append its rows either way round.
LOW = "toUnixTimestamp64Micro(toDateTime64('2023-01-01', 6, 'UTC'))"
HIGH = "toUnixTimestamp64Micro(toDateTime64('2026-01-01', 6, 'UTC'))"
ENTERED = f"(nth = 1 AND entered >= {LOW} AND entered < {HIGH})"
LEFT = f"(gone >= {LOW} AND gone < {HIGH})"
PLACES = range(1, len(STAGES))
FURTHEST = ", ".join(f"arrayLastIndex(stage -> stage >= {place}, stages) AS last{place}" for place in PLACES)
FURTHER = f"multiIf({', '.join(f'stage = {place - 1}, last{place}' for place in PLACES)}, 0) > place"
FUNNEL = f"""
SELECT arrayElement({STAGES}, stage + 1), countIf({ENTERED}), countIf({ENTERED} AND (won OR {FURTHER})),
    intDiv(sumIf(gone - entered, {LEFT}), 1000), countIf({LEFT})
FROM (
    SELECT won, stages, moments, arrayPushBack(arrayPopFront(moments), closing) AS ends,
        arrayEnumerateUniq(stages) AS nths, {FURTHEST}
    FROM (
        SELECT stages, moments, ifNull(toUnixTimestamp64Micro(closed_at), 0) AS closing, ifNull(deal.won, false) AS won
        FROM (
            SELECT opportunity, groupArray(toInt8(stage)) AS unordered, groupArray(toUnixTimestamp64Micro(at)) AS times,
                arraySort((stage, moment) -> moment, unordered, times) AS stages, arraySort(times) AS moments
            FROM stage_changes GROUP BY opportunity) AS visited
        JOIN opportunities AS deal ON deal.opportunity = visited.opportunity))
ARRAY JOIN stages AS stage, moments AS entered, ends AS gone, nths AS nth, arrayEnumerate(stages) AS place
GROUP BY stage
"""

# A customer's purchases in bits: bit i says that the customer is active on the day before month i begins. A year
# after a purchase is a run of them. Many customers share a pattern.
BITS = "bitShiftLeft(toUInt64(1), {})"
FIRST_BIT = BITS.format("greatest(toYear(date) * 12 + toMonth(date) - 24276, 0)")
PAST_BIT = BITS.format(f"least(toYear(date + 365) * 12 + toMonth(date + 365) - 24276, {MONTHS + 1})")
RETENTION = f"""
SELECT {MONTH.format("((2023 + intDiv(place, 12)) * 100 + place % 12 + 1)")}, start, kept
FROM (
    SELECT place, sum(customers) AS start, sumIf(customers, bitTest(bits, place + 1)) AS kept
    FROM (SELECT bits, count() AS customers
        FROM (SELECT account, groupBitOr({PAST_BIT} - {FIRST_BIT}) AS bits
            FROM ({purchases("date >= '2022-01-01' AND date < '2026-01-01'")}) GROUP BY account)
        GROUP BY bits)
    ARRAY JOIN bitPositionsToArray(bits) AS place WHERE place < {MONTHS} GROUP BY place)
"""

MOVEMENTS = f"""
SELECT {MONTH.format("month")}, new, expansion, contraction, churned, reactivation
FROM (
    SELECT toYYYYMM(date) AS month, sumIf(monthly, kind = 'started') AS new,
        sumIf(monthly - before, kind = 'changed' AND monthly > before) AS expansion,
        sumIf(monthly - before, kind = 'changed' AND monthly < before) AS contraction,
        -sumIf(before, kind = 'cancelled') AS churned, sumIf(monthly, kind = 'reactivated') AS reactivation
    FROM (SELECT date, kind, monthly,
            any(monthly) OVER (ORDER BY account, at ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) AS before
        FROM subscriptions)
    WHERE {within("date")} GROUP BY month)
"""

ATTAINMENT = """
SELECT name, won.total, amount
FROM quotas JOIN reps USING (rep) LEFT JOIN (
    SELECT rep, sum(amount) AS total FROM opportunities
    WHERE won AND closed >= '2025-07-01' AND closed < '2025-10-01' GROUP BY rep) AS won USING (rep)
WHERE first = '2025-07-01'
"""

ACTIVITIES = f"""
SELECT toString(kind), {MONTH.format("month")}, activities
FROM (SELECT kind, toYYYYMM(date) AS month, count() AS activities
    FROM activities WHERE {within("date")} GROUP BY kind, month)
"""

PROMOTERS = f"""
SELECT toString(region), {QUARTER.format("quarter")}, promoters, detractors, answers
FROM (SELECT region, {quarters("date")} AS quarter, countIf(score >= 9) AS promoters, countIf(score <= 6) AS detractors,
        count() AS answers
    FROM surveys JOIN reps USING (rep) WHERE {within("date")} GROUP BY region, quarter)
"""

WIN_RATE_BY_SOURCE = f"""
SELECT toString(source), toString(product), toString(year), wins, deals
FROM (SELECT source, product, toYear(assumeNotNull(closed)) AS year, countIf(assumeNotNull(won)) AS wins,
        count() AS deals
    FROM opportunities WHERE {within("closed")} GROUP BY source, product, year)
"""

# A customer's quarters in order; everything before the range is one quarter. Only the first is no repeat, unless it is
# there twice.
REPEAT = f"""
SELECT {QUARTER.format("quarter")}, countIf(known), count()
FROM (SELECT arraySort(groupArray(toUInt16(greatest({quarters("date")}, 2023 * 4 - 1)))) AS purchased,
        arrayDistinct(purchased) AS distinct,
        arrayMap(quarter -> quarter > purchased[1] OR purchased[2] = quarter, distinct) AS repeats
    FROM ({purchases("date < '2026-01-01'")}) GROUP BY account)
ARRAY JOIN distinct AS quarter, repeats AS known WHERE quarter >= 2023 * 4 GROUP BY quarter
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
