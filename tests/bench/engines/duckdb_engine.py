"""DuckDB: tables in memory in a chosen order, words as enums, every question prepared once."""

import duckdb

import questions
from duckdb_questions import QUESTIONS
from questions import DEAL_ACTIVITIES, ORDER, WORDS


class Engine:
    version = duckdb.__version__
    answers = set(QUESTIONS)

    def __init__(self):
        self.database = duckdb.connect(config={"threads": 2})

    def load(self, folder):
        for table, order in ORDER.items():
            self.create(table, f"{folder}/{table}.parquet", order)
        self.database.execute(
            f"""CREATE TABLE {DEAL_ACTIVITIES} AS SELECT opportunity, "at" FROM activities
            WHERE opportunity IS NOT NULL ORDER BY opportunity, "at" """
        )
        # A dashboard's statements are known beforehand; planning again each time would only slow it down.
        for name, question in QUESTIONS.items():
            self.database.execute(f"PREPARE {name} AS {question}")

    def create(self, table, path, order):
        replaced = []
        for column in WORDS.get(table, []):
            found = self.database.execute(f"SELECT DISTINCT {column} FROM '{path}'").fetchall()
            listed = questions.words(table, column, [word for (word,) in found])
            quoted = ", ".join("'" + word.replace("'", "''") + "'" for word in listed)
            self.database.execute(f"CREATE TYPE {table}_{column} AS ENUM ({quoted})")
            replaced.append(f'"{column}"::{table}_{column} AS "{column}"')
        replace = f"REPLACE ({', '.join(replaced)})" if replaced else ""
        by = ", ".join(f'"{column}"' for column in order)
        self.database.execute(f"CREATE TABLE {table} AS SELECT * {replace} FROM '{path}' ORDER BY {by}")

    def ask(self, name):
        return self.database.execute(f"EXECUTE {name}").fetchall()

    def rows(self, name, answer):
        return questions.rows(name, answer)
