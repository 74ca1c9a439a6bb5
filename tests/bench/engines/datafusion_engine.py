"""DataFusion: record batches in memory, two partitions a table, words as codes with a table of their names."""

import datafusion
import pyarrow
import pyarrow.compute
import pyarrow.parquet

import questions
from datafusion_questions import QUESTIONS
from questions import DEAL_ACTIVITIES, ORDER, WORDS

PARTITIONS = 2
BATCH = 8192


class Engine:
    version = datafusion.__version__
    answers = set(QUESTIONS)

    def __init__(self):
        configuration = datafusion.SessionConfig().with_target_partitions(PARTITIONS).with_batch_size(BATCH)
        self.context = datafusion.SessionContext(configuration)

    def load(self, folder):
        for table, order in ORDER.items():
            loaded = pyarrow.parquet.read_table(f"{folder}/{table}.parquet")
            for column in WORDS.get(table, []):
                loaded = self.encode(table, column, loaded)
            self.register(table, loaded, order)
            if table == "activities":
                done = loaded.filter(pyarrow.compute.is_valid(loaded["opportunity"]))
                self.register(DEAL_ACTIVITIES, done.select(["opportunity", "at"]), ["opportunity", "at"])
            if table == "opportunities":
                # By identity, next to the same order of activities and stage changes, joins stay in the cache.
                self.register("deals", loaded, ["opportunity"])

    def encode(self, table, column, loaded):
        """Codes group faster than dictionaries here; their names are joined to the few rows of an answer."""
        names = questions.words(table, column, pyarrow.compute.unique(loaded[column]).to_pylist())
        codes = pyarrow.compute.index_in(loaded[column], pyarrow.array(names)).cast(pyarrow.int32())
        listed = pyarrow.table({column: pyarrow.array(range(len(names)), pyarrow.int32()), "word": names})
        self.context.register_record_batches(f"{table}_{column}", [listed.to_batches()])
        return loaded.set_column(loaded.column_names.index(column), column, codes)

    def register(self, name, table, order):
        # One buffer a column: a batch is a slice of it.
        held = table.sort_by([(column, "ascending") for column in order]).combine_chunks()
        share = -(-held.num_rows // PARTITIONS)
        partitions = [held.slice(part * share, share).to_batches(max_chunksize=BATCH) for part in range(PARTITIONS)]
        self.context.register_record_batches(name, partitions)

    def ask(self, name):
        return self.context.sql(QUESTIONS[name]).collect()

    def rows(self, name, answer):
        listed = [tuple(row.values()) for row in pyarrow.Table.from_batches(answer).to_pylist()]
        if name == "q10":
            (totals,) = listed
            listed = zip(map(questions.month, range(questions.MONTHS)), totals[::2], totals[1::2], strict=True)
        return questions.rows(name, listed)
