"""One engine of the comparison, asked over standard input in lines of JSON.

Usage: worker.py ENGINE FOLDER [--url URL]

Loads the tables of FOLDER (`TABLE.parquet`), says that it is ready, and answers `{"ask": NAME}` until the input ends.
Time is that of executing a question and fetching its answer; loading and conversion to JSON are not in it.
"""

import argparse
import gc
import json
import sys
import time
from importlib import import_module

from questions import DASHBOARD

ENGINES = {
    "duckdb": "duckdb_engine",
    "polars": "polars_engine",
    "datafusion": "datafusion_engine",
    "chdb": "chdb_engine",
    "postgres": "postgres_engine",
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("folder")
    parser.add_argument("--url", help="an empty PostgreSQL database, for postgres")
    return parser.parse_args()


def timed(engine, names):
    """Milliseconds of asking the questions one after the other, and the last one's answer."""
    gc.disable()
    begin = time.perf_counter()
    for name in names:
        answer = engine.ask(name)
    elapsed = time.perf_counter() - begin
    gc.enable()
    return elapsed * 1e3, answer


def reply(engine, name):
    if name == "dashboard":
        if not engine.answers.issuperset(DASHBOARD):
            return {"error": "not a dashboard of this engine"}
        return {"ms": timed(engine, DASHBOARD)[0], "rows": []}
    if name not in engine.answers:
        return {"error": f"unknown question {name!r}"}
    elapsed, answer = timed(engine, [name])
    return {"ms": elapsed, "rows": engine.rows(name, answer)}


def say(message):
    print(json.dumps(message), flush=True)


def main():
    given = arguments()
    # Only the engine that is asked for has to be installed, and only it takes memory.
    module = import_module(ENGINES[given.engine])
    engine = module.Engine(given.url) if given.engine == "postgres" else module.Engine()
    engine.load(given.folder)
    say({"ready": True, "version": engine.version})
    for line in sys.stdin:
        try:
            say(reply(engine, json.loads(line)["ask"]))
        except Exception as error:  # the harness decides what a failed question means
            say({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
