module pgpi/test/sqltext

go 1.26.0

require (
	github.com/pganalyze/pg_query_go/v6 v6.2.5
	pgpi v0.0.0
)

require google.golang.org/protobuf v1.33.0 // indirect

replace pgpi => ../..
