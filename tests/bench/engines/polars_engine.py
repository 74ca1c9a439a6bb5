"""Polars: eager tables in a chosen order, words as enums; each question is an expression over lazy frames."""

import os

# Read once, when Polars starts.
os.environ["POLARS_MAX_THREADS"] = "2"

import polars  # noqa: E402
from polars import col  # noqa: E402

import questions  # noqa: E402
from polars_questions import QUESTIONS  # noqa: E402
from questions import DEAL_ACTIVITIES, ORDER, WORDS  # noqa: E402


class Engine:
    version = polars.__version__
    answers = set(QUESTIONS)

    def load(self, folder):
        tables = {table: read(f"{folder}/{table}.parquet", table, order) for table, order in ORDER.items()}
        done = tables["activities"].select("opportunity", "at").drop_nulls("opportunity")
        # Two tables in the order of the opportunity join by walking along both.
        tables[DEAL_ACTIVITIES] = done.sort("opportunity", "at").rechunk()
        tables["deals"] = tables["opportunities"].sort("opportunity").rechunk()
        self.tables = {name: table.lazy() for name, table in tables.items()}

    def ask(self, name):
        return QUESTIONS[name](self.tables)

    def rows(self, name, answer):
        return questions.rows(name, answer.rows())


def read(path, table, order):
    frame = polars.read_parquet(path)
    for column in WORDS.get(table, []):
        listed = questions.words(table, column, frame[column].unique())
        frame = frame.with_columns(col(column).cast(polars.Enum(listed)))
    return frame.sort(order, nulls_last=True).rechunk()
