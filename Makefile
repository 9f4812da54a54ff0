# Two commands: `make run` does the main job on a fresh machine, `make test`
# shows that everything works. Both get what is missing first.

CARGO ?= cargo
# What `make run` passes on, as in: make run ARGS="--python 3.13 aggregation"
ARGS ?=

.PHONY: run watch test check unit real access setup build bench chaos stories receivers browser deny clean

run: setup
	$(CARGO) run --release --locked -- run $(ARGS)

# A farm on a small repository made from real releases, which gains commits by itself.
watch: setup
	$(CARGO) build --release --locked
	scripts/watch_demo.sh $(ARGS)

test: setup check unit real

setup:
	@scripts/setup.sh

# Formatting, lints and documentation.
check:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --quiet

# Everything that needs no container engine, the runner inside cells included.
unit:
	$(CARGO) test --locked --lib --bins --test access --test architecture --test config --test django_users --test engine --test engines --test history --test init --test matrix --test page --test properties --test source --test sources --test steering --test watch --test watching
	PYTHONPATH=dockerfiles/runner python3 -m unittest discover -s dockerfiles/runner/tests -t dockerfiles/runner

# The whole path: a real engine, real Django, real databases.
real:
	$(CARGO) test --locked --test run --test clean --test doctor --test broken --test pulls -- --test-threads=1

# Users of real Djangos log in, on real servers. Needs postgresql and mariadb-server.
access: setup
	scripts/access.sh

bench: setup
	$(CARGO) bench --locked
	$(CARGO) build --release --locked
	scripts/bench.py

# Blows on real runs, as in: make chaos ARGS="--blows 20 --kind daemon"
chaos: setup
	$(CARGO) build --release --locked
	scripts/chaos.py $(ARGS)

# Many more stories of a watcher than `make test` tells: 1,000 seeds.
stories:
	DJBUILD_SEEDS=1000 DJBUILD_POLLS=400 $(CARGO) test --release --locked --test watch seeds -- --nocapture

# Notices to real mail servers and chats on this machine; says what to install for that.
receivers:
	$(CARGO) build --locked
	scripts/receivers.py target/debug/djbuild

# The status page of a real farm in a real Chromium; pictures in target/browser. Says what
# to install for that.
browser: setup
	$(CARGO) build --locked
	scripts/browser.py target/debug/djbuild

# Licences, sources and advisories of what djbuild depends on.
deny:
	$(CARGO) deny check

clean:
	$(CARGO) clean
