//go:build cgo

package sqltext

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"pgpi/internal/sqltext"
	"pgpi/test/sqlgen"
)

// traitInputs is how many generated texts of each sort are compared.
const traitInputs = 10_000

// TestTraits compares what the words of a statement tell us with its parse tree. Where we may err on
// one side, we must not err on the other.
func TestTraits(t *testing.T) {
	statements := slices.Concat(pairs(), sqlgen.Statements(), utilities)
	r := rand.New(rand.NewPCG(13, 14))
	for range traitInputs {
		one := composed(r)
		statements = append(statements, sqlgen.Text(r), one, sqlgen.Mutate(r, one))
	}
	seen := map[string]int{}
	valid := 0
	for _, sql := range statements {
		tree, err := pg_query.ParseToJSON(sql)
		if err != nil {
			continue
		}
		valid++
		compareTraits(t, sql, tree, seen)
		checkComparisons(t, shaper.Shape([]byte(sql), sqltext.SettingsOf("on", "UTF8")), seen)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d texts, %d of them valid", len(statements), valid)
	report(t, "traits", seen)
	for _, trait := range []string{"may write", "returning", "locks", "list", "plain", "several statements", "compared", "only single placeholders"} {
		if seen[trait] < 100 || valid-seen[trait] < 100 {
			t.Errorf("%d of %d: %s", seen[trait], valid, trait)
		}
	}
}

// compareTraits compares the traits of a text, and counts them.
func compareTraits(t *testing.T, sql, tree string, seen map[string]int) {
	t.Helper()
	theirs, err := readTree(tree)
	if err != nil {
		t.Fatal(err)
	}
	ours := sqltext.TraitsOf(shaper.Shape([]byte(sql), sqltext.SettingsOf("on", "UTF8")))
	if theirs.statements > 0 && !isVerb(ours.Verb, theirs.verb) || ours.Statements != theirs.statements {
		t.Errorf("%s\nwe say %q of %d, they %q of %d", sql, ours.Verb, ours.Statements, theirs.verb, theirs.statements)
	}
	if ours.Statements > 1 {
		seen["several statements"]++
	}
	for _, trait := range []struct {
		name         string
		ours, theirs bool
		mayErr       func(ours bool) bool // on this side
	}{
		{"may write", ours.MayWrite, theirs.writes, yes},
		{"returning", ours.HasReturning, theirs.returning, never},
		{"locks", ours.Locks, theirs.locks, never},
		{"list", ours.HasList, theirs.list, yes},
		{"plain", ours.Plain, theirs.plain, no},
	} {
		if trait.ours {
			seen[trait.name]++
		}
		switch {
		case trait.ours == trait.theirs:
		case !trait.mayErr(trait.ours):
			t.Errorf("%s: we say %v, they %v\n%s\n%s", trait.name, trait.ours, trait.theirs, sql, tree)
		default:
			seen[trait.name+" is "+map[bool]string{true: "set", false: "unset"}[trait.ours]+" in doubt"]++
		}
	}
}

func yes(ours bool) bool { return ours }
func no(ours bool) bool  { return !ours }
func never(bool) bool    { return false }

// traits are what a parse tree says.
type traits struct {
	verb                           string
	statements                     int
	writes, returning, locks, list bool
	longList                       bool // a list that is not one parameter after IN
	plain                          bool // of the queries so far
}

func readTree(tree string) (all traits, err error) {
	var parsed struct {
		Stmts []struct {
			Stmt map[string]any `json:"stmt"`
		} `json:"stmts"`
	}
	if err := json.Unmarshal([]byte(tree), &parsed); err != nil {
		return all, err
	}
	all.plain = true
	for i, one := range parsed.Stmts {
		all.statements++
		for node, content := range one.Stmt { // there is one
			fields, _ := content.(map[string]any)
			verb, reads := verbOf(node, fields)
			if i == 0 {
				all.verb = verb
			}
			before := all.writes
			all.walk("", one.Stmt)
			if node == "ExplainStmt" {
				all.writes = before // without ANALYZE it executes nothing
			}
			all.writes = all.writes || !reads
			all.plain = all.plain && node == "SelectStmt"
		}
	}
	all.plain = all.plain && all.statements == 1 && !all.writes && !all.locks
	return all, nil
}

// verbOf returns the verb of a statement, and whether it only reads if nothing in it writes.
func verbOf(node string, fields map[string]any) (verb string, reads bool) {
	switch node {
	case "TransactionStmt":
		verb = map[any]string{
			"TRANS_STMT_BEGIN": "begin", "TRANS_STMT_START": "begin", "TRANS_STMT_COMMIT": "commit", "TRANS_STMT_ROLLBACK": "rollback", "TRANS_STMT_SAVEPOINT": "savepoint",
			"TRANS_STMT_RELEASE": "release", "TRANS_STMT_ROLLBACK_TO": "rollback to", "TRANS_STMT_PREPARE": "prepare transaction",
			"TRANS_STMT_COMMIT_PREPARED": "commit prepared", "TRANS_STMT_ROLLBACK_PREPARED": "rollback prepared",
		}[fields["kind"]]
		return verb, verb != "prepare transaction" && verb != "commit prepared" && verb != "rollback prepared"
	case "FetchStmt":
		if fields["ismove"] == true {
			return "move", true
		}
		return "fetch", true
	case "VariableSetStmt":
		if kind := fields["kind"]; kind == "VAR_RESET" || kind == "VAR_RESET_ALL" {
			return "reset", true
		}
		return "set", true
	case "CopyStmt":
		return "copy", fields["is_from"] == nil && fields["is_program"] == nil
	case "ExplainStmt":
		options, _ := json.Marshal(fields["options"])
		return "explain", !strings.Contains(string(options), `"defname":"analyze"`)
	case "VacuumStmt":
		if fields["is_vacuumcmd"] == nil {
			return "analyze", false
		}
	}
	if verb, reads := readers[node]; reads {
		return verb, true
	}
	return writers[node], false
}

// readers and writers are the verbs of other statements.
var (
	readers = map[string]string{
		"SelectStmt": "select", "DeclareCursorStmt": "declare", "ClosePortalStmt": "close", "VariableShowStmt": "show", "ListenStmt": "listen", "UnlistenStmt": "unlisten",
		"NotifyStmt": "notify", "PrepareStmt": "prepare", "DeallocateStmt": "deallocate",
	}
	writers = map[string]string{
		"InsertStmt": "insert", "UpdateStmt": "update", "DeleteStmt": "delete", "MergeStmt": "merge", "CallStmt": "call", "DoStmt": "do", "ExecuteStmt": "execute",
		"TruncateStmt": "truncate", "DiscardStmt": "discard", "VacuumStmt": "vacuum", "LockStmt": "lock", "CheckPointStmt": "checkpoint", "IndexStmt": "create",
		"ViewStmt": "create", "RuleStmt": "create",
	}
)

// isVerb reports whether a verb may be that of a statement. If the tree does not tell, it is none
// that means something.
func isVerb(ours, theirs string) bool {
	if theirs != "" {
		return ours == theirs
	}
	switch ours {
	case "", "begin", "commit", "rollback", "savepoint", "release", "rollback to", "fetch", "move", "set", "reset", "copy", "explain":
		return false
	}
	for _, verbs := range []map[string]string{readers, writers} {
		for _, verb := range verbs {
			if verb == ours && verb != "create" {
				return false
			}
		}
	}
	return true
}

// walk visits a node or a field, and all below it.
func (w *traits) walk(name string, content any) {
	switch content := content.(type) {
	case []any:
		for _, one := range content {
			w.walk(name, one)
		}
	case map[string]any:
		w.visit(name, content)
		for field, below := range content {
			w.walk(field, below)
		}
	}
}

// renameRows gives the VALUES of an INSERT, or of each query in its UNION, another name.
func renameRows(query any) {
	fields, ok := query.(map[string]any)
	if !ok {
		return
	}
	if rows := fields["valuesLists"]; rows != nil {
		fields["rows"] = rows
		delete(fields, "valuesLists")
	}
	renameRows(fields["SelectStmt"])
	renameRows(fields["larg"])
	renameRows(fields["rarg"])
}

// visit takes note of a node, or of a field that has fields of its own.
func (w *traits) visit(name string, fields map[string]any) {
	switch name {
	case "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt":
		renameRows(fields["selectStmt"])
		w.writes = true
		w.returning = w.returning || fields["returningList"] != nil
	case "SelectStmt", "larg", "rarg":
		if fields["op"] == nil {
			return // a side of a join
		}
		w.writes = w.writes || fields["intoClause"] != nil
		w.locks = w.locks || fields["lockingClause"] != nil
		w.addList(fields["valuesLists"] != nil)
		w.plain = w.plain && fields["fromClause"] != nil && fields["op"] == "SETOP_NONE"
	case "A_ArrayExpr":
		w.addList(true)
	case "A_Expr":
		single := fields["kind"] == "AEXPR_IN" && parameterOf(onlyElement(fields["rexpr"])) > 0
		w.list = w.list || single
		w.addList(!single && (fields["kind"] == "AEXPR_IN" || fields["kind"] == "AEXPR_OP_ANY" || fields["kind"] == "AEXPR_OP_ALL"))
	case "FuncCall":
		names, _ := json.Marshal(fields["funcname"])
		w.addList(string(names) == `[{"String":{"sval":"unnest"}}]`)
	case "RangeFunction", "RangeTableFunc", "JsonTable", "RangeTableSample":
		w.plain = false
	}
}

// addList takes note of a list, if there is one.
func (w *traits) addList(found bool) {
	w.list, w.longList = w.list || found, w.longList || found
}
