# The commands of everyday work. `just` lists them; each is one line that can be typed without just.

_default:
    @just --list

# Exactly what CI runs.
check:
    .ci/run

# A sales organisation, measured: generated, ingested and served.
demo *arguments:
    cargo run -- demo {{arguments}}

# All tests that this machine can run.
test *arguments:
    cargo test --workspace --locked {{arguments}}

# Everything that BENCHMARKS.md tells, measured beside other engines. Takes a quarter of an hour, and five minutes more
# to draw sizes S and M the first time.
bench *arguments:
    test -x target/bench/python/bin/python || python3 -m venv target/bench/python
    target/bench/python/bin/pip install --quiet --disable-pip-version-check -r tests/bench/engines/requirements.txt
    cargo build --release --workspace --bin scoreline --bin scoreline-bench --features scoreline-bench/mimalloc --locked
    target/release/scoreline-bench all {{arguments}}

# Instructions of six pieces of work of the core, compared with what is on record.
instructions *arguments:
    .ci/instructions {{arguments}}

# Formatting, lints and documentation.
lint:
    .ci/run fmt clippy doc

# The contracts: style, and compatibility with the last release.
proto:
    .ci/run proto

# What may enter the dependency graph.
deny:
    .ci/run deny

# Formats everything.
fmt:
    cargo fmt --all
    target/ci/buf/node_modules/.bin/buf format --write proto

# Records the contracts as the release that later changes are compared with.
baseline:
    target/ci/buf/node_modules/.bin/buf build proto --output proto/baseline.binpb
