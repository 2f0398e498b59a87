package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// functionTable maps OIDs and major versions to functions: the name, the OID of the result type and
// those of the arguments' types, separated by spaces.
type functionTable map[uint32]map[int]string

// functionsQuery selects the functions whose OIDs are assigned by hand in the PostgreSQL sources.
// Unlike types, functions do change, if rarely: one that gets another argument may keep its OID.
const functionsQuery = `
select oid, pg_catalog.concat_ws(' ', proname, prorettype::oid, nullif(proargtypes::text, ''))
from pg_catalog.pg_proc where oid < 10000`

func (f functionTable) ask(ctx context.Context, conn *pgconn.PgConn) error {
	reported := conn.ParameterStatus("server_version")
	major, _, _ := strings.Cut(reported, ".")
	version, err := strconv.Atoi(major)
	if err != nil {
		return fmt.Errorf("server_version is %q, which does not begin with a major version: %w", reported, err)
	}
	result := conn.ExecParams(ctx, functionsQuery, nil, nil, nil, nil).Read()
	if result.Err != nil {
		return result.Err
	}
	for _, values := range result.Rows {
		number, err := oid(values[0])
		if err != nil {
			return err
		}
		if f[number] == nil {
			f[number] = map[int]string{}
		}
		f[number][version] = string(values[1])
	}
	return nil
}

// versions returns the first and the last version that was asked.
func (f functionTable) versions() (first, last int, err error) {
	asked := map[int]bool{}
	for _, signatures := range f {
		for version := range signatures {
			asked[version] = true
		}
	}
	all := slices.Sorted(maps.Keys(asked))
	if len(all) == 0 {
		return 0, 0, errors.New("no server has a function")
	}
	first, last = all[0], all[len(all)-1]
	if last-first+1 != len(all) {
		return 0, 0, fmt.Errorf("functions of the versions %v: give a server of each version between them, too", all)
	}
	return first, last, nil
}

// render writes a line for each function, ordered by OID. A line that does not apply to all
// versions has those to which it does.
func (f functionTable) render() ([]byte, error) {
	first, last, err := f.versions()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, number := range slices.Sorted(maps.Keys(f)) {
		signatures := f[number]
		for from := first; from <= last; {
			to := from
			for to < last && signatures[to+1] == signatures[from] {
				to++
			}
			switch {
			case signatures[from] == "":
			case from == first && to == last:
				fmt.Fprintf(&b, "%d %s\n", number, signatures[from])
			default:
				fmt.Fprintf(&b, "%d %d-%d %s\n", number, from, to, signatures[from])
			}
			from = to + 1
		}
	}
	return b.Bytes(), nil
}
