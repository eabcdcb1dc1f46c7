.DEFAULT_GOAL := help
.PHONY: again help up down test check bench proof stack
BIN := .venv/bin

help: ## show what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/'

stack:
	@setup/engine.sh
	@setup/base-image.sh
	@setup/secrets.sh
	@setup/python.sh

up: stack ## set up what is missing, start everything, let a test call through
	@setup/images.sh
	@setup/up.sh
	@setup/packages.sh sipp
	@$(BIN)/python setup/first_call.py
	@$(BIN)/ivr where
	@echo "API token   $$($(BIN)/ivr token --role guide --role team_leader --name up)"

down: ## stop the stack; the data stay
	@docker compose down

test: stack ## set up what is missing, then every test, on a stack of its own
	@setup/packages.sh sipp redis-server espeak-ng sox
	@$(MAKE) --no-print-directory check
	@setup/images.sh -p kontaktcenter-test -f docker-compose.yml -f tests/calls/compose.yml
	@$(BIN)/pytest -n 4 --dist worksteal tests || $(MAKE) --no-print-directory again

again: # a story in real time may fail for want of a core beside others: it fails when it fails alone, too
	@echo "again, one at a time: what has failed"
	@$(BIN)/pytest --last-failed --last-failed-no-failures none tests

bench: stack ## measure against plain dialplan on the same Asterisk, and callbacks against arq and rq, side by side; about ten minutes
	@setup/packages.sh sipp redis-server
	@setup/peers.sh
	@setup/images.sh -p kontaktcenter-bench -f docker-compose.yml -f bench/compose.yml
	@$(BIN)/python -m bench

proof: stack ## play a long demonstration: make proof NAME=priority
	@setup/packages.sh sipp
	@setup/images.sh -p kontaktcenter-proof -f docker-compose.yml -f bench/compose.yml
	@$(BIN)/python -m proof $(NAME)

check: ## lint, types, import directions; needs no Docker
	@setup/python.sh
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
