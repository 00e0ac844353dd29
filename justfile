# The daily commands. https://just.systems, or: pip install rust-just

set windows-shell := ["powershell.exe", "-NoLogo", "-Command"]

# What there is.
default:
    @just --list --unsorted

# Style, types, contracts, spelling, metadata, workflows, container. Needs the extra dev and the group lint.
lint:
    ruff check .
    ruff format --check .
    mypy
    lint-imports
    codespell
    validate-pyproject pyproject.toml
    check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml .github/workflows/pages.yml .github/workflows/publish.yml
    check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
    hadolint Dockerfile
    check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
    zizmor --offline --quiet .github

# All tests, or those that are named: just test tests/media -m "not slow"
test *arguments:
    python -m pytest {{ arguments }}

# How much of the package the tests reach. Needs the group coverage.
coverage *arguments:
    coverage run -m pytest {{ arguments }}
    coverage combine
    coverage report

# The site, in docs/_build. Needs the extra train and the group docs.
docs:
    sphinx-build -W --keep-going -q -b html docs docs/_build

# Style, types and tests of the page.
page-lint:
    npm --prefix web run lint
    npm --prefix web test

# Builds the wheel and derains a picture with it in a fresh environment without PyTorch.
wheel:
    python -m build --no-isolation
    python tests/smoke.py dist

# The page of derain serve, in src/derain/serve/page. Needs Node.js 20.19 or newer.
page:
    npm --prefix web ci
    npm --prefix web run build
    npm --prefix web run compress
    npm --prefix web run size

# Speed and memory of every model and backend; writes benchmarks/speed.json.
bench *arguments:
    python -m benchmarks.speed {{ arguments }}

# All that shows what the shipped weights do, after `derain export RUN --name NAME -o src/derain/zoo/models --overwrite`.
weights:
    python -m tests.golden.test_golden
    python -m examples.gallery
    python -m benchmarks.lookalikes
    python -m benchmarks.speed
    python -m benchmarks.peers
    python -m benchmarks.readme
