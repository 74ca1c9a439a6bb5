"""PostgreSQL: every useful index, covering what is asked, and one prepared statement."""

from datetime import date

import psycopg
import pyarrow.csv
import pyarrow.parquet

import questions

TABLES = {
    "reps": "rep integer PRIMARY KEY, name text NOT NULL, region text NOT NULL",
    "leads": "lead bigint, created date, source text, rep integer, opportunity date",
    "opportunities": """opportunity bigint, account integer, rep integer, product text, source text, opened date,
        amount bigint, closed date, closed_at timestamp, won boolean""",
    "activities": "date date, at timestamp, rep integer, kind text, opportunity bigint",
    "orders": "account integer, rep integer, product text, date date, amount bigint",
    "inquiries": "rep integer, received date, answered date, response_ms bigint",
}

INDEXES = [
    "reps (name) INCLUDE (rep)",
    "orders (rep, date) INCLUDE (amount)",
    "opportunities (rep, closed) INCLUDE (won, amount)",
    "opportunities (rep, opened) INCLUDE (amount)",
    "leads (rep, created)",
    "activities (rep, date) INCLUDE (kind)",
    "inquiries (rep, received)",
    "inquiries (rep, answered) INCLUDE (response_ms)",
]


def during(column):
    """Rows of the representative in the quarter."""
    return f"rep = who.rep AND {column} >= %(first)s AND {column} < %(last)s"


# One statement with lateral parts, each an index-only scan: asking for the parts one by one costs a round trip each.
ONE_REP = f"""
SELECT ordered.*, closed.*, opened.*, created.*, done.*, received.*, answered.*
FROM (SELECT rep FROM reps WHERE name = %(name)s) who,
LATERAL (SELECT coalesce(sum(amount), 0)::bigint, count(*) FROM orders WHERE {during("date")}) ordered,
LATERAL (
    SELECT coalesce(sum(amount) FILTER (WHERE won), 0)::bigint, count(*) FILTER (WHERE won),
        count(*) FILTER (WHERE NOT won)
    FROM opportunities WHERE {during("closed")}) closed,
LATERAL (SELECT count(*), coalesce(sum(amount), 0)::bigint FROM opportunities WHERE {during("opened")}) opened,
LATERAL (SELECT count(*) FROM leads WHERE {during("created")}) created,
LATERAL (SELECT count(*), count(*) FILTER (WHERE kind = 'call') FROM activities WHERE {during("date")}) done,
LATERAL (SELECT count(*) FROM inquiries WHERE {during("received")}) received,
LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY response_ms)
    FROM inquiries WHERE {during("answered")}) answered
"""

ASKED = {"name": "rep-0007", "first": date(2025, 7, 1), "last": date(2025, 10, 1)}


class Engine:
    answers = {"q17"}

    def __init__(self, url):
        if url is None:
            raise SystemExit("postgres needs --url")
        self.connection = psycopg.connect(url, autocommit=True)
        # The plan is the same for every representative and quarter: making it costs more than running it.
        self.connection.execute("SET plan_cache_mode = force_generic_plan")
        self.version = self.connection.info.parameter_status("server_version")

    def load(self, folder):
        with self.connection.cursor() as cursor:
            for table, columns in TABLES.items():
                cursor.execute(f"CREATE UNLOGGED TABLE {table} ({columns})")
                copy_in(cursor, table, f"{folder}/{table}.parquet")
            for index in INDEXES:
                cursor.execute(f"CREATE INDEX ON {index}")
            # Index-only scans look at the visibility map, which vacuuming writes.
            cursor.execute("VACUUM ANALYZE")

    def ask(self, name):
        return self.connection.execute(ONE_REP, ASKED, prepare=True).fetchall()

    def rows(self, name, answer):
        return questions.rows(name, answer)


def copy_in(cursor, table, path):
    columns = ", ".join(pyarrow.parquet.read_schema(path).names)
    options = pyarrow.csv.WriteOptions(include_header=False)
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT csv)") as copy:
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches():
            buffer = pyarrow.BufferOutputStream()
            pyarrow.csv.write_csv(batch, buffer, options)
            copy.write(buffer.getvalue().to_pybytes())
