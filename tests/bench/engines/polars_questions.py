"""The questions as Polars expressions: functions from lazy tables to a frame.

Grouping by one integer beats grouping by two columns, and grouping by day first leaves so few rows that naming months
costs nothing. Each question runs on the engine, in memory or streaming, that was faster for it.
"""

from datetime import date

import polars
from polars import col

from polars_customers import repeat, retention
from polars_funnel import funnel

FROM, UNTIL = date(2023, 1, 1), date(2026, 1, 1)
DAYS = 1 << 16


def within(column):
    return (col(column) >= FROM) & (col(column) < UNTIL)


def month(column):
    return col(column).dt.strftime("%Y-%m")


def quarter(column):
    return col(column).dt.year().cast(str) + "-Q" + col(column).dt.quarter().cast(str)


def code(column):
    """A word's number, or a date's."""
    return col(column).to_physical().cast(polars.Int32)


def word_and_day(word, day):
    """Both in one integer, the day below."""
    return code(word) * DAYS + code(day)


def word(key, kind):
    return (col(key) // DAYS).cast(polars.UInt8).cat.to(kind)


def day(key):
    return (col(key) % DAYS).cast(polars.Date)


def won(tables):
    return tables["opportunities"].filter(col("won") & within("closed"))


def revenue(tables):
    days = tables["orders"].filter(within("date")).group_by("date").agg(col("amount").sum())
    return days.group_by(month("date")).agg(col("amount").sum()).collect(engine="streaming")


def win_rate(tables):
    closed = tables["opportunities"].filter(within("closed")).group_by("rep")
    rates = closed.agg(won=col("won").sum(), closed=col("won").count())
    named = rates.join(tables["reps"], on="rep").select("name", "won", "closed")
    return named.sort(col("won") / col("closed"), "name", descending=[True, False]).head(20).collect(engine="streaming")


def deal_size(tables):
    by = won(tables).group_by("product", year=col("closed").dt.year(), quarter=col("closed").dt.quarter())
    name = col("year").cast(str) + "-Q" + col("quarter").cast(str)
    sizes = by.agg(col("amount").sum(), deals=polars.len())
    return sizes.select("product", name, "amount", "deals").collect(engine="streaming")


def cycle(tables):
    deals = won(tables).select("rep", days=code("closed") - code("opened")).join(tables["reps"], on="rep")
    days = col("days")
    quantiles = [days.quantile(0.5, "linear").alias("median"), days.quantile(0.9, "linear").alias("p90")]
    return deals.group_by("region").agg(*quantiles, polars.len()).collect()


def leads(tables):
    created = tables["leads"].filter(within("created"))
    days = created.group_by(key=word_and_day("source", "created")).agg(
        converted=col("opportunity").count(), leads=polars.len()
    )
    kind = tables["leads"].collect_schema()["source"]
    named = days.with_columns(source=word("key", kind), day=day("key"))
    return named.group_by("source", month("day")).agg(col("converted", "leads").sum()).collect(engine="streaming")


def response(tables):
    answered = tables["inquiries"].filter(within("answered")).group_by("rep")
    medians = answered.agg(median=col("response_ms").median(), answers=polars.len())
    return medians.join(tables["reps"], on="rep").select("name", "median", "answers").collect()


def activities_per_deal(tables):
    # Both sides say that they are in order, so the join needs no hash table.
    deals = tables["deals"].filter(col("won") & within("closed")).select("opportunity", "rep", "closed_at")
    done = tables["deal_activities"].set_sorted("opportunity").join(deals.set_sorted("opportunity"), on="opportunity")
    counts = done.filter(col("at") <= col("closed_at")).group_by("rep").agg(activities=polars.len())
    total = deals.group_by("rep").agg(deals=polars.len()).join(counts, on="rep", how="left")
    return total.join(tables["reps"], on="rep").select("name", col("activities").fill_null(0), "deals").collect()


def pipeline(tables):
    deals = tables["opportunities"]
    opened = deals.filter(col("opened") < UNTIL).group_by(day="opened").agg(col("amount").sum())
    closed = deals.filter(col("closed") < UNTIL).group_by(day="closed").agg(-col("amount").sum())
    # What happened before the range is part of what its first month begins with.
    change = polars.concat([opened, closed]).with_columns(polars.max_horizontal("day", FROM))
    months = change.group_by(month("day")).agg(col("amount").sum()).sort("day")
    return months.with_columns(col("amount").cum_sum()).collect(engine="streaming")


def movements(tables):
    # The table is held by account and time: the row before is the account's, for everything but a start.
    kind, after, before = col("kind"), col("monthly"), col("before")
    change = after - before

    def total(condition, amount):
        return polars.when(condition).then(amount).otherwise(0).sum()

    known = tables["subscriptions"].with_columns(before=col("monthly").shift(1)).filter(within("date"))
    days = known.group_by("date").agg(
        new=total(kind == "started", after),
        expansion=total((kind == "changed") & (change > 0), change),
        contraction=total((kind == "changed") & (change < 0), change),
        churned=total(kind == "cancelled", -before),
        reactivation=total(kind == "reactivated", after),
    )
    return days.group_by(month("date")).agg(polars.exclude("date").sum()).collect(engine="streaming")


def attainment(tables):
    first, last = date(2025, 7, 1), date(2025, 10, 1)
    closed = (col("closed") >= first) & (col("closed") < last)
    amounts = tables["opportunities"].filter(closed & col("won")).group_by("rep").agg(won=col("amount").sum())
    quotas = tables["quotas"].filter(col("first") == first).join(tables["reps"], on="rep")
    joined = quotas.join(amounts, on="rep", how="left")
    return joined.select("name", col("won").fill_null(0), "amount").collect(engine="streaming")


def activities(tables):
    # The table is held by kind and day, so days are runs of the same number.
    runs = tables["activities"].filter(within("date")).select(run=word_and_day("kind", "date").rle()).unnest("run")
    kind = tables["activities"].collect_schema()["kind"]
    named = runs.select("len", kind=word("value", kind), day=day("value"))
    return named.group_by("kind", month("day")).agg(col("len").sum()).collect(engine="streaming")


def promoters(tables):
    surveys = tables["surveys"].filter(within("date")).join(tables["reps"], on="rep")
    score = col("score")
    counts = {"promoters": (score >= 9).sum(), "detractors": (score <= 6).sum(), "answers": polars.len()}
    days = surveys.group_by(key=word_and_day("region", "date")).agg(col("region", "date").first(), **counts)
    return days.group_by("region", quarter("date")).agg(col(*counts).sum()).collect()


def win_rate_by_source(tables):
    closed = tables["opportunities"].filter(within("closed"))
    year = col("closed").dt.year()
    # Words are fewer than 256.
    groups = closed.group_by(key=(year * 256 + code("source")) * 256 + code("product")).agg(
        col("source", "product", "closed").first(), won=col("won").sum(), all=polars.len()
    )
    return groups.select("source", "product", year.cast(str), "won", "all").collect(engine="streaming")


QUESTIONS = {
    "q01": revenue,
    "q02": win_rate,
    "q03": deal_size,
    "q04": cycle,
    "q05": leads,
    "q06": response,
    "q07": activities_per_deal,
    "q08": pipeline,
    "q09": funnel,
    "q10": retention,
    "q11": movements,
    "q12": attainment,
    "q13": activities,
    "q14": promoters,
    "q15": win_rate_by_source,
    "q16": repeat,
}
