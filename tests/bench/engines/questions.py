"""What every engine shares: the tables, the questions' names, and the form in which answers are compared."""

STAGES = ["prospecting", "qualification", "proposal", "negotiation", "commit"]

# The order in which each table is held. It serves the engines twice: neighbours in time or of one customer compress
# and cache well, and the row before is the change before.
ORDER = {
    "reps": ["name"],
    "quotas": ["first", "rep"],
    "leads": ["created"],
    "opportunities": ["closed"],
    "stage_changes": ["opportunity", "at"],
    "activities": ["kind", "date"],
    "orders": ["account", "date"],
    "inquiries": ["rep", "answered"],
    "surveys": ["rep", "date"],
    "subscriptions": ["account", "at"],
}

# Columns of few words, which engines hold as small integers.
WORDS = {
    "reps": ["region"],
    "leads": ["source"],
    "opportunities": ["product", "source"],
    "stage_changes": ["stage"],
    "activities": ["kind"],
    "orders": ["product"],
    "subscriptions": ["kind"],
}

# Activities of opportunities by opportunity and time: what an index on them would be, as a table.
DEAL_ACTIVITIES = "deal_activities"

DASHBOARD = [f"q{number:02}" for number in range(1, 13)]

# Months are numbered from the first of the range asked about, quarters likewise.
MONTHS = 36
YEAR = 2023

# Columns that hold quantiles; all other numbers are exact.
QUANTILES = {"q04": (1, 2), "q06": (1,), "q17": (11,)}


def words(table, column, distinct):
    """The words of a column in the order of their codes: stages as they follow each other, others by name."""
    return STAGES if (table, column) == ("stage_changes", "stage") else sorted(distinct)


def month(number):
    """The name of a month by its number."""
    return f"{YEAR + number // 12}-{number % 12 + 1:02}"


def rows(name, answer):
    """An answer's rows as JSON knows them, by key; only a ranking keeps its order."""
    quantiles = QUANTILES.get(name, ())
    result = [[plain(value, column in quantiles) for column, value in enumerate(row)] for row in answer]
    return result if name == "q02" else sorted(result)


def plain(value, quantile):
    """A key as text, a count or sum as an integer, a quantile as a float."""
    if value is None or isinstance(value, str):
        return value
    return float(value) if quantile else int(value)
