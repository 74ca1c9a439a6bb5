"""ClickHouse in process (chDB): memory tables in a chosen order, words as enums, answers fetched as Arrow."""

import pyarrow
import pyarrow.parquet
from chdb import session

import questions
from chdb_questions import QUESTIONS
from questions import DEAL_ACTIVITIES, ORDER, WORDS

TYPES = {
    pyarrow.int32(): "Int32",
    pyarrow.int64(): "Int64",
    pyarrow.bool_(): "Bool",
    pyarrow.date32(): "Date",
    pyarrow.timestamp("us"): "DateTime64(6, 'UTC')",
    pyarrow.string(): "String",
}

# Only these are ever empty; a nullable column costs on every row.
NULLABLE = {
    "leads": ["opportunity"],
    "opportunities": ["closed", "closed_at", "won"],
    "activities": ["opportunity"],
    "inquiries": ["answered", "response_ms"],
}

# One thread keeps the order; blocks of this size keep two threads busy on a small table too.
INSERTING = "max_insert_threads = 1, min_insert_block_size_rows = 65536, min_insert_block_size_bytes = 0"


class Engine:
    answers = set(QUESTIONS)

    def __init__(self):
        self.session = session.Session()
        self.run("SET max_threads = 2")
        self.version = self.run("SELECT version()").data().strip().strip('"')

    def run(self, statement):
        return self.session.query(statement)

    def load(self, folder):
        self.run("CREATE DATABASE sales")
        self.run("USE sales")
        for table, order in ORDER.items():
            path = f"{folder}/{table}.parquet"
            self.create(table, ", ".join(self.columns(table, path)), f"SELECT * FROM {file(path)}", order)
        done = "SELECT assumeNotNull(opportunity), at FROM activities WHERE opportunity IS NOT NULL"
        self.create(DEAL_ACTIVITIES, "opportunity Int64, at DateTime64(6, 'UTC')", done, ["opportunity", "at"])

    def create(self, table, columns, rows, order):
        # Memory was faster than MergeTree for every question.
        self.run(f"CREATE TABLE {table} ({columns}) ENGINE = Memory")
        self.run(f"INSERT INTO {table} {rows} ORDER BY {', '.join(order)} SETTINGS {INSERTING}")

    def columns(self, table, path):
        for column in pyarrow.parquet.read_schema(path):
            kind = TYPES[column.type]
            if column.name in WORDS.get(table, []):
                kind = self.enum(table, column.name, path)
            if column.name in NULLABLE.get(table, []):
                kind = f"Nullable({kind})"
            yield f"{column.name} {kind}"

    def enum(self, table, column, path):
        answer = self.session.query(f"SELECT DISTINCT {column} FROM {file(path)}", "TabSeparated")
        names = questions.words(table, column, answer.data().splitlines())
        return f"Enum8({', '.join(f'{quoted(name)} = {number}' for number, name in enumerate(names))})"

    def ask(self, name):
        return pyarrow.ipc.open_file(self.session.query(QUESTIONS[name], "Arrow").bytes()).read_all()

    def rows(self, name, answer):
        return questions.rows(name, zip(*(column.to_pylist() for column in answer.columns), strict=True))


def file(path):
    return f"file({quoted(path)}, Parquet)"


def quoted(text):
    return "'" + text.replace("'", "\\'") + "'"
