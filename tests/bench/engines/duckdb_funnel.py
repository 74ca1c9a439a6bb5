"""The funnel with time in stage in DuckDB's SQL.

In a table held by opportunity and time, the next stage is the next row. Most opportunities only move on: there, every
row is a first entry, and has advanced unless it is the last one. What remains is to take off, for the opportunities
that ever stepped back, the rows that are not first entries, and the first entries that nothing further followed.
This does a third of the work of grouping all rows by opportunity and stage.
"""


def during(moment):
    return f"({moment} >= TIMESTAMP '2023-01-01' AND {moment} < TIMESTAMP '2026-01-01')"


FUNNEL = f"""
WITH visit AS NOT MATERIALIZED (
    SELECT opportunity, "stage", "at" AS entered, lead(opportunity) OVER () AS next_opportunity,
        lead("at") OVER () AS "left", lead("stage") OVER () AS next_stage
    FROM stage_changes),

-- As if nobody ever stepped back.
passed AS (
    SELECT "stage", sum(asked::INT) AS entered, sum(asked::INT) AS advanced,
        sum(length) FILTER (ended) AS length, sum(ended::INT) AS visits
    FROM (SELECT "stage", {during("entered")} AS asked, epoch_us("left") - epoch_us(entered) AS length,
            {during('"left"')} AS ended
        FROM visit WHERE next_opportunity = opportunity) GROUP BY 1),
last AS (
    SELECT "stage", count(*), 0, 0, 0
    FROM visit WHERE next_opportunity IS DISTINCT FROM opportunity AND {during("entered")} GROUP BY 1),
closed AS (
    SELECT "stage", 0, sum((asked AND won)::INT), sum(length) FILTER (ended), sum(ended::INT)
    FROM (SELECT "stage", {during("entered")} AS asked, won, epoch_us(closed_at) - epoch_us(entered) AS length,
            {during("closed_at")} AS ended
        FROM visit JOIN opportunities ON visit.opportunity = opportunities.opportunity
        WHERE next_opportunity IS DISTINCT FROM visit.opportunity AND closed_at IS NOT NULL) GROUP BY 1),

-- Those who did.
irregular AS MATERIALIZED (
    SELECT opportunity, min(entered) AS back
    FROM visit WHERE next_opportunity = opportunity AND next_stage <= "stage" GROUP BY 1),
entry AS MATERIALIZED (
    SELECT visit.opportunity, "stage", entered, next_opportunity IS NOT DISTINCT FROM visit.opportunity AS passed,
        entered > back AS late, passed AND next_stage < "stage" AS doubtful, coalesce(won, false) AS won
    FROM visit JOIN irregular ON visit.opportunity = irregular.opportunity
    LEFT JOIN opportunities ON opportunities.opportunity = irregular.opportunity),
again AS MATERIALIZED (
    SELECT entry.opportunity, entry."stage", entry.entered, passed, won
    FROM entry SEMI JOIN entry earlier ON earlier.opportunity = entry.opportunity
        AND earlier."stage" = entry."stage" AND earlier.entered < entry.entered
    WHERE late AND {during("entry.entered")}),
not_first AS (SELECT "stage", -count(*), -count(*) FILTER (passed OR won), 0, 0 FROM again GROUP BY 1),
not_advanced AS (
    SELECT doubt."stage", 0, -count(*), 0, 0
    FROM (FROM entry WHERE doubtful AND NOT won AND {during("entered")}) doubt
    ANTI JOIN again ON again.opportunity = doubt.opportunity AND again.entered = doubt.entered
    ANTI JOIN entry later ON later.opportunity = doubt.opportunity
        AND later.entered > doubt.entered AND later."stage" > doubt."stage"
    GROUP BY 1),

every AS (
    FROM passed UNION ALL FROM last UNION ALL FROM closed UNION ALL FROM not_first UNION ALL FROM not_advanced)
SELECT "stage"::VARCHAR, sum(entered), sum(advanced), coalesce(sum(length), 0) // 1000, sum(visits)
FROM every GROUP BY "stage"
"""
