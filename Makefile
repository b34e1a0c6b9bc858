# `make` alone lists what there is. Everything sets itself up; only Python 3.11 or later is needed.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV := .uv/bin/uv
RUN := .venv/bin

# Where bytecode may not be kept, each command of a test reads all of the package anew: three times the work.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup pages demo demo-orders team-demo test test-costs test-large test-machines test-postgres test-readers test-s3-auth test-spark year check format lock docs bench clean

help:
	@echo "make demo    set up, then tell the story on real data (examples/cdnow)"
	@echo "make demo-orders   the same for a shop in a Postgres of its own (examples/orders)"
	@echo "make team-demo     from a laptop to a team: a catalog in Postgres, data in S3 (examples/team)"
	@echo "make test    set up, then run all checks and most tests (minutes)"
	@echo "make test-large   the tests that take longest: kills, servers, browsers, packages (minutes)"
	@echo "make test-s3-auth   what speaks S3, on a server that checks who asks (needs Go)"
	@echo "make test-postgres  tests of the service, with every catalog in a Postgres"
	@echo "make test-spark   tests of the Spark engine against Apache Spark itself (needs Java; minutes)"
	@echo "make test-costs   what tests cost in time of the processor, by file (TESTS=tests/web: of these)"
	@echo "make test-machines   what several machines do at once, on a Postgres and object storage (minutes)"
	@echo "make test-readers   what others read of the lake, Apache Spark included (minutes)"
	@echo "make year    a year of the sample project, every version built again (minutes)"
	@echo "make check   format, lint, types, layers, reference"
	@echo "make format  lay out, and mend what can be mended by itself"
	@echo "make docs    write the generated reference pages"
	@echo "make bench   run the benchmarks (minutes)"
	@echo "make lock    pin the development packages anew"
	@echo "make pages   make the scripts, fonts and icons of others that the pages use"
	@echo "make clean   remove all that was made here"

setup: .venv/ready
	@$(RUN)/python browser/make.py --try

.uv/bin/uv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed and was not found"; exit 1; }
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt

.venv/ready: requirements/dev.txt pyproject.toml | .uv/bin/uv
	test -x .venv/bin/python || $(UV) venv --quiet --python $(PYTHON) .venv
	$(UV) pip sync --quiet --python .venv/bin/python --require-hashes requirements/dev.txt
	ANDON_PAGES=skip $(UV) pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
	touch $@

# What others made for browsers comes from npm by lock file. `setup` goes on without it where npm reaches nothing.
pages: .venv/ready
	$(RUN)/python browser/make.py

year: setup
	ANDON_YEAR=12 $(RUN)/python -m pytest tests/service/test_year.py

# Apache Spark itself, on the JVM: a minute to start, and a gigabyte. Tests take Sail else.
test-spark: setup
	ANDON_SPARK=jvm $(RUN)/python -m pytest tests/contract/test_engine_contract.py tests/contract/test_spark_sql.py tests/service/test_spark.py tests/service/test_spark_frames.py tests/service/test_spark_cdnow.py

demo: setup
	$(RUN)/andon demo

demo-orders: setup
	$(RUN)/python examples/orders/shop.py demo

team-demo: setup
	$(RUN)/python examples/team/team.py demo

check: setup
	$(RUN)/ruff format --check src tests benchmarks docs browser hatch_build.py
	$(RUN)/ruff check src tests benchmarks docs browser hatch_build.py
	$(RUN)/mypy
	$(RUN)/lint-imports --no-cache
	$(RUN)/python docs/generate.py --check

# What takes longest: kills at each step, servers of others, browsers, packages from an index, pages typed word for word.
LARGE := tests/readers $(filter-out tests/faults/test_publishers_at_once.py,$(wildcard tests/faults/test_*.py)) \
  $(filter-out %/test_story.py %/test_every_page.py %/test_browser_parts.py,$(wildcard tests/browser/test_*.py)) \
  $(wildcard tests/contract/test_spark_*.py) $(wildcard tests/service/test_spark*.py) \
  $(patsubst %,tests/%.py,meta/test_docs packaging/test_builds packaging/test_focus \
  packaging/test_installed_wheel property/checks/test_planned_is_plain property/checks/test_reading_is_exact \
  property/test_verdict_judged unit/engines/python/test_repeats web/test_queries web/test_up \
  $(addprefix service/test_,analyses_with_packages api_sources cancel cursor_loads database_sources file_loads gc \
  isolating isolating_analyses kept_packages larger_than_memory memory_is_bounded moved_whole object_storage optimize orders_example past_lakes \
  postgres_catalog query_workers remote_files repeat_corpus simplifying soak team_example \
  trust_doors year))
AT_ONCE := -n 3 --dist worksteal

test-large: setup
	$(RUN)/python -m pytest $(AT_ONCE) $(LARGE)

# The checks run beside the tests: the types of all of it take one processor half a minute. What they said stands at the end.
test: setup
	@said=$$(mktemp); trap 'rm -f "$$said"' EXIT; \
	$(MAKE) --no-print-directory check >"$$said" 2>&1 & checks=$$!; \
	$(RUN)/python -m pytest $(AT_ONCE) $(LARGE:%=--ignore=%); tests=$$?; \
	wait $$checks; checks=$$?; cat "$$said"; \
	exit $$((tests > checks ? tests : checks))

# Folders that share a lake as machines do: its catalog in a Postgres, its data in object storage.
MACHINES := test_two_folders test_at_once test_bases test_pull test_pull_keeps test_conflicts_end test_run_ends test_raw_files_in_the_lake
test-machines: setup
	ANDON_TESTS_LAKES=servers $(RUN)/python -m pytest -n 2 $(MACHINES:%=tests/service/%.py) tests/property/test_history_does_not_matter.py tests/property/test_lake_model.py

# The same where a server checks who asks: versitygw, which Go makes of its source.
S3_GATEWAY = .venv/versitygw
$(S3_GATEWAY)/versitygw:
	GOBIN=$(abspath $(S3_GATEWAY)) GOFLAGS=-modcacherw go install github.com/versity/versitygw/cmd/versitygw@v1.8.0

test-s3-auth: setup $(S3_GATEWAY)/versitygw
	ANDON_TESTS_S3_PROGRAM=$(abspath $(S3_GATEWAY)/versitygw) $(RUN)/python -m pytest -n 2 \
	  tests/contract/test_storage.py tests/faults/test_object_storage.py tests/service/test_object_storage.py tests/service/test_s3_who_asks.py tests/service/test_remote_files.py

# Apache Spark and Iceberg's runtime come from their registries: Java and Maven are needed.
test-readers: setup
	ANDON_SPARK=jvm $(RUN)/python -m pytest -n 0 tests/readers

# What the service promises, over catalogs in a Postgres (TESTS=tests/service/test_undo.py: of these).
ON_POSTGRES := $(addprefix tests/service/test_,$(addsuffix .py,loop undo undo_older branches history requests letters cords owner_reviews gc two_folders))
test-postgres: setup
	ANDON_TESTS_CATALOG=postgres $(RUN)/python -m pytest -n 2 --dist worksteal $(or $(TESTS),$(ON_POSTGRES))

# By one process: what it used is what a test used.
test-costs: setup
	PYTHONPATH=tests $(RUN)/python -m pytest -n 0 -p kit.costs $(or $(TESTS),tests)

format: setup
	$(RUN)/ruff format src tests benchmarks docs browser hatch_build.py
	$(RUN)/ruff check --fix src tests benchmarks docs browser hatch_build.py

docs: setup
	$(RUN)/python docs/generate.py

bench: setup
	$(RUN)/python benchmarks/run.py

lock: | .uv/bin/uv
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group dev --all-extras --no-emit-package andon pyproject.toml -o requirements/dev.txt
	echo uv==$$($(UV) --version | cut -d' ' -f2) | $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header - -o requirements/uv.txt
	printf 'focus-validator==1.0.0\nmultimethod<2\nsetuptools<81\n' | $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header - -o requirements/focus.txt
	printf 'pysail==0.7.2\npyspark-client==4.2.0\n' | $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header - -o requirements/spark.txt
	printf 'pyspark[connect]==4.3.0\n' | $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header - -o requirements/spark-jvm.txt
	printf 'pyspark==4.0.1\npyarrow\npandas<3\n' | $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header - -o requirements/iceberg-spark.txt

clean:
	rm -rf .venv .uv dist build browser/made src/andon/web/static/vendor
