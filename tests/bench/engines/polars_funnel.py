"""The funnel with time in stage in Polars: no grouping by opportunity, only comparisons along a table held in order."""

from datetime import datetime

import polars
from polars import col

from questions import STAGES

FROM, UNTIL = datetime(2023, 1, 1), datetime(2026, 1, 1)


def during(column):
    return (col(column) >= FROM) & (col(column) < UNTIL)


def same_as(neighbour):
    """Whether the row `neighbour` rows above (or below, if negative) is of the same opportunity."""
    return (col("opportunity") == col("opportunity").shift(neighbour)).fill_null(False)


def microseconds(end):
    return (col(end).to_physical() - col("at").to_physical()).sum()


def funnel(tables):
    visits = walk(tables["stage_changes"])
    deals = tables["deals"]
    ended = visits.filter(during("left")).group_by("stage").agg(length=microseconds("left"), visits=polars.len())
    closed = deals.filter(during("closed_at")).select("opportunity", "closed_at").set_sorted("opportunity")
    last = visits.filter("last").select("opportunity", "stage", "at").set_sorted("opportunity")
    ended_closing = last.join(closed, on="opportunity").group_by("stage")
    entries = polars.concat([first_entries(visits, stage) for stage in STAGES])
    stopped = entries.filter(~col("further"))
    won = deals.filter(col("won")).select("opportunity")
    parts = polars.collect_all(
        [
            ended,
            ended_closing.agg(length=microseconds("closed_at"), visits=polars.len()),
            entries.group_by("stage").agg(entered=polars.len(), advanced=col("further").sum()),
            stopped.join(won, on="opportunity", how="semi").group_by("stage").agg(advanced=polars.len()),
        ]
    )
    total = polars.concat(parts, how="diagonal_relaxed").group_by("stage").agg(polars.exclude("stage").sum())
    return total.select("stage", "entered", "advanced", col("length") // 1000, "visits")


def walk(changes):
    """For each entry, when it was left for another stage, whether it is the last, and whether one further follows."""
    rank = col("stage").to_physical().cast(polars.Int64)
    # From the end, opportunities descend: with the stage added to them, the highest so far is the highest stage of the
    # rest of the same opportunity.
    highest = (rank - col("opportunity") * len(STAGES)).cum_max(reverse=True) + col("opportunity") * len(STAGES)
    left = polars.when(same_as(-1)).then(col("at").shift(-1))
    walked = changes.select("opportunity", "stage", "at", left=left, last=~same_as(-1), further=highest > rank)
    return walked.collect().lazy()


def first_entries(visits, stage):
    """Among the entries of one stage, the first of an opportunity is the one that is not preceded by another of it."""
    entries = visits.filter(col("stage") == stage).filter(~same_as(1))
    return entries.filter(during("at")).select("opportunity", "stage", "further")
