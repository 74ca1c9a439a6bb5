"""Questions about customers' purchases in Polars."""

from datetime import date, timedelta

import polars
from polars import col

from questions import MONTHS, YEAR, month

FROM, UNTIL = date(2022, 1, 1), date(2026, 1, 1)


def purchases(tables):
    started = tables["subscriptions"].filter(col("kind") == "started")
    return polars.concat([tables["orders"].select("account", "date"), started.select("account", "date")])


def months_before(day):
    """How many of the days before a month of the range are before this one."""
    return min(max((day.year - YEAR) * 12 + day.month, 0), MONTHS + 1)


def active(day):
    """A purchase's bits: bit i says that the customer is active on the day before month i begins."""
    return (1 << months_before(day + timedelta(days=365))) - (1 << months_before(day))


DAYS = [FROM + timedelta(days=number) for number in range((UNTIL - FROM).days)]
ACTIVE = polars.Series([active(day) for day in DAYS], dtype=polars.Int64)


def retention(tables):
    known = purchases(tables).filter((col("date") >= FROM) & (col("date") < UNTIL))
    number = col("date").to_physical() - (FROM - date(1970, 1, 1)).days
    bits = known.select("account", bits=polars.lit(ACTIVE).gather(number))
    customers = bits.group_by("account").agg(col("bits").bitwise_or())
    patterns = customers.group_by("bits").agg(customers=polars.len())
    counts = [
        count
        for place in range(MONTHS)
        for count in (having(1 << place).alias(f"start {place}"), having(3 << place).alias(f"kept {place}"))
    ]
    (totals,) = patterns.select(counts).collect(engine="streaming").rows()
    months = [month(number) for number in range(MONTHS)]
    return polars.DataFrame({"month": months, "start": totals[::2], "kept": totals[1::2]})


def having(mask):
    return col("customers").filter((col("bits") & mask) == mask).sum()


def repeat(tables):
    # One sort puts the purchases of a customer in a quarter side by side, quarter after quarter. A key has 32 bits,
    # which is enough for 134 million accounts.
    day = col("date")
    number = (day.dt.year().cast(polars.Int32) - YEAR) * 4 + day.dt.quarter()
    known = purchases(tables).filter(day < UNTIL)
    key = col("account") * 16 + polars.max_horizontal(number, polars.lit(0, polars.Int32))
    keys = known.select(key=key).sort("key").with_columns(account=col("key") // 16, quarter=col("key") % 16)
    first_purchase = (col("account") != col("account").shift(1)).fill_null(True)
    first_of_quarter = (col("key") != col("key").shift(1)).fill_null(True)
    more_follow = (col("key") == col("key").shift(-1)).fill_null(False)
    flags = keys.with_columns(buyer=first_of_quarter, repeat=first_of_quarter & ~(first_purchase & ~more_follow))
    quarters = flags.filter(col("quarter") > 0).group_by("quarter").agg(col("repeat", "buyer").sum())
    place = col("quarter") - 1
    return quarters.select(polars.format("{}-Q{}", YEAR + place // 4, place % 4 + 1), "repeat", "buyer").collect()
