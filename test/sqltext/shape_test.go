//go:build cgo

package sqltext

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"pgpi/internal/sqltext"
	"pgpi/test/sqlgen"
)

// shapeInputs is how many generated statements are compared.
const shapeInputs = 20_000

// TestShapePartition compares our shapes with pg_query's fingerprints, as partitions: which
// statements do they join that we part, and the other way? Each difference is of a kind that is
// known, and counted.
func TestShapePartition(t *testing.T) {
	statements := slices.Concat(pairs(), sqlgen.Statements())
	r := rand.New(rand.NewPCG(3, 4))
	for range shapeInputs {
		statements = append(statements, sqlgen.Text(r))
	}
	ours, theirs := map[string][]partitioned{}, map[string][]partitioned{}
	invalid := 0
	for _, sql := range statements {
		fingerprint, err := pg_query.Fingerprint(sql)
		if err != nil {
			invalid++ // they have a fingerprint for what PostgreSQL can parse alone
			continue
		}
		p := partitioned{sql, shaper.Shape([]byte(sql), sqltext.SettingsOf("on", "UTF8")), fingerprint}
		ours[p.shape.ID] = append(ours[p.shape.ID], p)
		theirs[fingerprint] = append(theirs[fingerprint], p)
	}
	joined, parted := map[string]int{}, map[string]int{}
	for _, group := range ours {
		for _, p := range others(group, func(p partitioned) string { return p.fingerprint }) {
			kind := whyWeJoin(group[0].sql, p.sql)
			joined[kind]++
			if kind == unknown {
				t.Errorf("we join, they part:\n%s\n%s", group[0].sql, p.sql)
			}
		}
	}
	for _, group := range theirs {
		for _, p := range others(group, func(p partitioned) string { return p.shape.ID }) {
			kind := whyWePart(group[0].shape.Text, p.shape.Text)
			parted[kind]++
			if kind == unknown {
				t.Errorf("we part, they join:\n%s\n%s", group[0].shape.Text, p.shape.Text)
			}
		}
	}
	t.Logf("%d statements, %d of them invalid; %d shapes, %d fingerprints", len(statements), invalid, len(ours), len(theirs))
	report(t, "we join", joined)
	report(t, "we part", parted)
}

var shaper sqltext.Shaper

// partitioned is a statement with what both say of it.
type partitioned struct {
	sql         string
	shape       *sqltext.Shape
	fingerprint string
}

const unknown = "of no known kind"

// others returns one of a group for each key but that of the first.
func others(group []partitioned, key func(partitioned) string) (all []partitioned) {
	seen := map[string]bool{key(group[0]): true}
	for _, p := range group {
		if !seen[key(p)] {
			seen[key(p)] = true
			all = append(all, p)
		}
	}
	return all
}

func report(t *testing.T, what string, counts map[string]int) {
	t.Helper()
	for _, kind := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Compare(counts[b], counts[a]) }) {
		t.Logf("%s: %5d × %s", what, counts[kind], kind)
	}
	if os.Getenv("CI") == "true" && len(counts) == 0 {
		t.Errorf("%s: nothing was compared", what)
	}
}

// pairs are statements of each kind of difference that programs send.
func pairs() []string {
	return []string{
		`select "id" from "orders" where "user_id" = 1`, `select id from orders where user_id = 1`,
		`select a from t where b <> 1`, `select a from t where b != 1`,
		`select a x from t`, `select a as x from t`, `select a y from t`,
		`select a from t order by a`, `select a from t order by a asc`,
		`select a from t join s on t.b = s.b`, `select a from t inner join s on t.b = s.b`,
		`select a from t where (b = 1)`, `select a from t where b = 1`,
		`select f(1)`, `select f(1, 2)`,
		`set work_mem = 1`, `set work_mem = 2`, `set work_mem to 2`,
		`create table t (a varchar(10))`, `create table t (a varchar(20))`,
		`begin`, `begin transaction`, `savepoint a`, `savepoint b`, `close a`, `close b`,
		`select a from t where b in (1)`, `select a from t where b in (1, 2)`, `insert into t values (1), (2)`, `insert into t values (1)`,
		`select a from t where b = -1`, `select a from t where b = 1`, `select a from t where b = -$1`,
		`select a from t where b = true`, `select a from t where b = null`, `select a from t where b = 'x'`,
	}
}

// whyWeJoin returns what makes two statements differ to them that share a shape. They keep the
// constants of some utility statements; anything else would be a mistake of ours.
func whyWeJoin(a, b string) string {
	if isUtility(a) && isUtility(b) {
		return "constants of utility statements, which they keep"
	}
	return unknown
}

// isUtility reports whether one of the statements of a text is none that reads or writes rows.
func isUtility(sql string) bool {
	s := sqltext.NewScanner([]byte(sql), sqltext.SettingsOf("on", "UTF8"))
	first := true
	for t := s.NextSignificant(); t.Kind != sqltext.End; t = s.NextSignificant() {
		if first && t.Kind == sqltext.Word {
			switch strings.ToLower(string(s.Text(t))) {
			case "select", "insert", "update", "delete", "merge", "with", "values", "table":
			default:
				return true
			}
		}
		first = s.Is(t, ";")
	}
	return false
}

// whyWePart returns what makes two shapes differ that have one fingerprint, by the tokens that only
// one of them has.
func whyWePart(a, b string) string {
	ours, theirs := tokensOf(a), tokensOf(b)
	var words, operators, marks int
	for _, pair := range [][2]map[string]sqltext.Kind{{ours, theirs}, {theirs, ours}} {
		for text, kind := range pair[0] {
			if _, both := pair[1][text]; both {
				continue
			}
			switch {
			case kind.IsName():
				words++
			case text == "!=" || text == "<>":
				operators++
			case kind == sqltext.Punctuation || kind == sqltext.Parameter || kind == sqltext.BlockComment || text == "=":
				marks++
			default:
				return unknown
			}
		}
	}
	switch {
	case a == b:
		return unknown
	case operators > 0:
		return "operators that mean the same"
	case words > 0:
		return "quotes around names, labels, types of constants, settings, names of channels and of statements, words that mean nothing"
	case marks > 0:
		return "brackets, and how many elements there are of any list"
	}
	return "elements of a list that come again, or in another order"
}

// tokensOf returns the tokens of a shape, each once, constants without their numbers.
func tokensOf(sql string) map[string]sqltext.Kind {
	all := map[string]sqltext.Kind{}
	s := sqltext.NewScanner([]byte(sql), sqltext.SettingsOf("on", "UTF8"))
	for t := s.NextSignificant(); t.Kind != sqltext.End; t = s.NextSignificant() {
		if t.Kind == sqltext.Parameter {
			all["$"] = t.Kind
		} else {
			all[string(s.Text(t))] = t.Kind
		}
	}
	return all
}
