package redact

import (
	"bytes"

	"pgpi/internal/sqltext"
)

// named are the secrets that SQL itself calls secrets, by a name or by the option that they belong
// to.
type named struct {
	spans []Span
	// words are what the server may repeat: passwords, and values of columns and settings that are
	// called secrets. Other options are hidden, but not remembered.
	words [][]byte
	// parameters are the numbers of the parameters that are secrets, from 1.
	parameters []int
	// copies is set if rows of COPY have secrets. If the COPY has a query, selected are the columns
	// with them, from 0.
	copies   bool
	selected []int
}

// deepest is how many literals, one inside the other, are read as SQL.
const deepest = 3

// findNamed finds the secrets that SQL names. It does nothing if no word could name one.
func findNamed(sql []byte, h hints) named {
	f := finder{}
	if h.secret || h.changes || h.escapes {
		f.text(sql, 0, 0, true)
	}
	return f.found
}

// text reads the statements of a text, which may be a literal in another text.
func (f *finder) text(sql []byte, base, depth int, visible bool) {
	outer := *f
	f.sql, f.base, f.visible, f.depth = sql, base, visible, depth
	f.scanner, f.tokens, f.closing = sqltext.NewScanner(sql, sqltext.Settings{}), nil, nil
	for t := f.scanner.NextSignificant(); ; t = f.scanner.NextSignificant() {
		if t.Kind != sqltext.End && !f.scanner.Is(t, ";") {
			f.tokens = append(f.tokens, t)
			continue
		}
		if len(f.tokens) > 0 {
			f.statement()
		}
		f.tokens = f.tokens[:0]
		if t.Kind == sqltext.End {
			break
		}
	}
	found := f.found
	*f = outer
	f.found = found
}

// statement reads one statement. In the body of a function, a word may precede it.
func (f *finder) statement() {
	f.match()
	f.marked, f.optioned, f.named = 0, 0, 0
	if f.is(0, "copy") {
		f.copyColumns()
	}
	role, options := -1, -1 // where CREATE or ALTER is
	for i := range f.tokens {
		k := f.tokens[i].Kind
		switch {
		case f.is(i, "create", "alter"):
			role, options = f.changes(i)
		case role >= 0 && f.is(i, "password"):
			f.rolePassword(i + 1)
		case role >= 0 && i > role+2 && k.IsString() && !f.is(i-1, "until"):
			f.hide(i)
		case options >= 0 && f.is(i, "connection") && f.kind(i+1).IsString():
			f.connection(i + 1)
		case options >= 0 && f.is(i, "options") && f.is(i+1, "("):
			f.options(i+2, f.closing[i+1])
		case f.is(i, "into") && f.is(i-1, "insert"), f.is(i, "set") && f.is(i+1, "("):
			f.columns(i + 1)
		case f.isBefore(i):
			f.secret(i)
		case k.IsName() && f.namesSecret(i), k.IsString() && f.spellsName(i):
			f.value(i)
		case k.IsString():
			f.literal(i)
		}
	}
}

// changes returns where a statement begins to change a role, or something with options, or -1.
func (f *finder) changes(i int) (role, options int) {
	role, options = -1, -1
	switch {
	case f.is(i+1, "role", "user", "group") && !f.is(i+2, "mapping"):
		role = i
	case f.is(i+1, "server", "user", "foreign", "subscription", "or"):
		options = i
	}
	return role, options
}

// rolePassword hides what follows PASSWORD in CREATE or ALTER ROLE: a literal, or the word that
// should be one.
func (f *finder) rolePassword(i int) {
	for f.is(i, "=", "to") {
		i++
	}
	switch k := f.kind(i); {
	case f.is(i, "null"):
	case k.IsName():
		f.hide(i)
		f.remember(i)
	default:
		f.secret(i)
	}
}

// connection hides a connection string.
func (f *finder) connection(i int) {
	f.hide(i)
	if value, ok := f.scanner.AppendValue(nil, f.tokens[i]); ok {
		f.found.words = append(f.found.words, parseConninfo(value).words...)
	}
}

// literal looks into a literal that may contain a connection string, or SQL.
func (f *finder) literal(i int) {
	content := f.content(i)
	if secretIn(content, true) < 0 {
		return
	}
	if f.connectionIn(i) || f.depth == deepest {
		return
	}
	if f.kind(i) == sqltext.DollarString {
		p := f.scanner.Parts(f.tokens[i])
		p.Next()
		f.text(content, f.base+p.Start, f.depth+1, f.visible)
	} else if value, ok := f.scanner.AppendValue(nil, f.tokens[i]); ok {
		f.text(value, 0, f.depth+1, false)
	}
}

// harmlessOptions are options of servers and user mappings whose values are not secrets
// (postgres_fdw, file_fdw and the like).
var harmlessOptions = []string{
	"user", "username", "host", "hostaddr", "port", "dbname", "servername", "database", "schema", "schema_name", "table", "table_name", "column_name",
	"fetch_size", "batch_size", "use_remote_estimate", "updatable", "truncatable", "async_capable", "extensions", "fdw_startup_cost", "fdw_tuple_cost",
	"analyze_sampling", "keep_connections", "parallel_commit", "parallel_abort", "service", "application_name", "connect_timeout", "client_encoding",
	"sslmode", "sslrootcert", "password_required", "filename", "format", "header", "delimiter", "quote", "escape", "null", "encoding", "force_null",
	"force_not_null", "region", "endpoint", "use_scram_passthrough",
}

// options hides the options of a server or a user mapping.
func (f *finder) options(from, to int) {
	from, f.optioned = max(from, f.optioned), max(to, f.optioned)
	for i := from; i < to; i++ {
		if !f.kind(i).IsString() || !f.kind(i-1).IsName() {
			continue
		}
		name, _ := f.scanner.AppendValue(nil, f.tokens[i-1])
		switch {
		case isOneOf(string(bytes.ToLower(name)), harmlessOptions):
		case secretIn(name, false) >= 0:
			f.secret(i)
		default:
			f.hide(i)
		}
	}
}
