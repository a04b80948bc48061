.PHONY: run test check docs bench

run:
	@scripts/run

test:
	@scripts/test

check:
	@scripts/check

docs:
	@scripts/docs

bench:
	@scripts/bench
