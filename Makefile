# What can be done here; make alone shows it.

GOLANGCI_LINT_VERSION = v2.15.0
FUZZTIME ?= 30s

.PHONY: help build demo test orms check fuzz bench clean
.DEFAULT_GOAL := help

help: ## show this
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 14

build: ## bin/pgpi
	go build -o bin/pgpi ./cmd/pgpi

demo: build ## show a session that is encrypted on both legs, on a server made for it
	go run ./test/demo bin/pgpi

test: ## all tests, with real servers and drivers, which are installed where they are missing
	test/install all
	go test -timeout 1h ./...
	cd test/sqltext && go vet ./... && go test -timeout 1h ./...
	cd test/orms/gorm && go vet ./...

orms: ## the object-relational mappers with all versions of PostgreSQL
	test/install servers
	test/install orms
	go test -count=1 -timeout 1h ./test/orms -all

check: .tools/bin/golangci-lint-$(GOLANGCI_LINT_VERSION) ## format, vet, lint and the quick tests
	@unformatted=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
		[ -z "$$unformatted" ] || { echo "please run gofmt -w $$unformatted" >&2; exit 1; }
	go vet ./...
	$< run
	go test -short -timeout 1h ./...

fuzz: ## each fuzz target for FUZZTIME (30s)
	test/fuzz $(FUZZTIME)

bench: ## pgpi beside its peers, in about 20 minutes, into docs/benchmarks.md
	test/install servers
	go test -run '^$$' -bench . -benchmem ./internal/... ./test/bench
	go run ./test/bench/compare -output docs/benchmarks.md

clean: ## remove what was built; what was installed for tests stays in .tools
	rm -rf bin

.tools/bin/golangci-lint-$(GOLANGCI_LINT_VERSION):
	GOBIN=$(CURDIR)/.tools/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)
	mv .tools/bin/golangci-lint $@
