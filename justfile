# `just` alone lists these.

# `uv run just` tells where uv is; it need not be on the PATH
uv := env("UV", "uv")

set windows-shell := ["powershell.exe", "-NoLogo", "-Command"]

[private]
default:
    @just --list --unsorted

# Install everything, with the tools for tests
setup:
    {{ uv }} sync --quiet

# Start the gateway and open its dashboard
run *options: setup
    {{ uv }} run d2f {{ options }}

# Try it all with a simulated Douban and a simulated Feishu
demo *options: setup
    {{ uv }} run d2f demo {{ options }}

# Check style, types and behaviour; gets a browser if there is none
test *options: lint
    {{ uv }} run python -m tests.chromium
    {{ uv }} run pytest --numprocesses auto --dist loadgroup {{ options }}

# Check style and types only
lint: setup
    {{ uv }} run ruff format --check
    {{ uv }} run ruff check
    {{ uv }} run basedpyright

# Ask whether a known weakness is in anything that we depend on
audit: setup
    {{ uv }} run python -m tests.audit

# Measure the main path; ratios within one run
bench: setup
    {{ uv }} run python -m tests.bench
    {{ uv }} run python -m tests.bench_size
    {{ uv }} run python -m tests.bench_parsers
    {{ uv }} run python -m tests.bench_feishu

# Feed the readers of pages with damaged ones, for so many seconds
fuzz seconds="60":
    {{ uv }} run --group fuzz python -m tests.fuzz {{ seconds }}

# Kill the gateway at random instants, 200 times; ends with one line that says what was lost
torture *options: setup
    {{ uv }} run python -m tests.torture {{ options }}
