package sqltext

// Traits are what the words of a shape tell about its statements, without knowing any schema. In
// doubt they err on one side, which each field names. No server accepts a text with brackets that
// do not match, or with a name that never ends: such a text may write, and is not plain.
type Traits struct {
	// Verb is what the first statement does: its first word, or both words of COMMIT PREPARED,
	// PREPARE TRANSACTION, ROLLBACK PREPARED and ROLLBACK TO. After WITH it is the verb of the main
	// statement. What means the same has one verb: "select" (also for VALUES and TABLE), "begin"
	// (START TRANSACTION), "commit" (END), "rollback" (ABORT). It is empty if there is none.
	Verb string
	// Statements is the number of statements.
	Statements int
	// Operands is how many placeholders, $1, $2 and so on, the text of the shape has.
	Operands int
	// MayWrite is unset only if the statements certainly change neither tables nor schema: a SELECT
	// without INTO and without writes in its WITH, COPY TO, FETCH, SHOW, SET, control of
	// transactions and so on. What is not seen is what functions do: in select nextval($1) as in
	// any other.
	MayWrite bool
	// HasReturning is set if an INSERT, UPDATE, DELETE or MERGE has a RETURNING.
	HasReturning bool
	// Locks is set if there is a FOR UPDATE, FOR NO KEY UPDATE, FOR SHARE or FOR KEY SHARE.
	Locks bool
	// HasList is set if one execution may ask for several values: if something other than a query
	// is in brackets after IN, ANY, SOME or ALL, or if there is an ARRAY[…], an unnest(…), or VALUES
	// other than those of an INSERT or MERGE.
	HasList bool
	// OnlySingles is set if there are lists, and all of them are one placeholder after IN, maybe
	// with a cast: in ($1). A text of the shape asks for one value with each if it has as many
	// operands as Operands.
	OnlySingles bool
	// Plain is set only if there is one statement, a single SELECT that reads tables and nothing
	// else: all in FROM is tables, joins, and such queries. Queries elsewhere in it read tables, too.
	// It does not lock, and is not part of a UNION. Its expressions may call any function.
	Plain bool
	// OnlyCatalogs is set only if queries read tables, and all of these are the system's own, in the
	// schemas pg_catalog and information_schema. They may call functions.
	OnlyCatalogs bool
}

// TraitsOf returns the traits of a shape, whose text is taken to be in UTF-8.
func TraitsOf(shape *Shape) Traits {
	r := traitReader{tokens: NewScanner([]byte(shape.Text), Settings{StandardStrings, ASCIISafe}), tables: true}
	r.next = r.tokens.NextSignificant()
	r.beginStatement()
	for r.advance() {
		r.read()
	}
	r.endStatement()
	t := r.traits
	t.MayWrite = t.MayWrite || r.doubt
	t.OnlySingles = t.HasList && !r.hasOtherList
	t.Plain = t.Statements == 1 && t.Verb == "select" && r.tables && !t.Locks && !t.MayWrite
	t.OnlyCatalogs = r.readsCatalogs && !r.readsOthers && !r.doubt
	return t
}

// traitReader reads the tokens of a shape.
type traitReader struct {
	tokens             Scanner
	before, here, next Token
	traits             Traits
	doubt              bool   // no server accepts the text
	tables             bool   // all queries read tables, as far as they have been read
	hasOtherList       bool   // there is a list that is not in ($1)
	schema             string // of the table whose name is being read
	readsCatalogs      bool   // some tables are the system's own
	readsOthers        bool   // some are not

	// Of the current statement:
	first    string
	verb     string
	levels   []level
	copies   string // TO or FROM in a COPY
	analyzes bool
	writes   bool
	body     int // how many END end the body of a function, and the CASE in it
}

// level is what is inside a pair of brackets, or outside all of them.
type level struct {
	began        bool // there has been a token
	with         bool // begins with WITH
	selects      bool // a query has begun here
	writes       bool // an INSERT, UPDATE, DELETE or MERGE has
	hasFrom      bool
	inFrom       bool
	expectsTable bool
}

// advance moves to the next token, and reports whether there is one.
func (r *traitReader) advance() bool {
	r.before, r.here, r.next = r.here, r.next, r.tokens.NextSignificant()
	return r.here.Kind != End
}

func (r *traitReader) is(text string) bool       { return r.tokens.Is(r.here, text) }
func (r *traitReader) isNext(text string) bool   { return r.tokens.Is(r.next, text) }
func (r *traitReader) isBefore(text string) bool { return r.tokens.Is(r.before, text) }

func (r *traitReader) level() *level { return &r.levels[len(r.levels)-1] }

func (r *traitReader) beginStatement() {
	r.first, r.verb, r.copies, r.analyzes, r.writes, r.body = "", "", "", false, false, 0
	r.levels = append(r.levels[:0], level{})
}

// endStatement adds up what was seen of a statement.
func (r *traitReader) endStatement() {
	if len(r.levels) > 1 {
		r.doubt = true
	}
	if top := r.levels[0]; top.began {
		r.traits.Statements++
		if r.first == "with" && r.verb == "" {
			r.verb = "select" // in brackets
		}
		if r.traits.Statements == 1 {
			r.traits.Verb = r.verb
		}
		r.tables = r.tables && top.hasFrom && !top.expectsTable
		r.traits.MayWrite = r.traits.MayWrite || r.mayWrite()
	}
	r.beginStatement()
}

// mayWrite reports whether the statement is not certainly one that only reads.
func (r *traitReader) mayWrite() bool {
	switch r.verb {
	case "select", "declare", "show", "fetch", "move", "close", "begin", "commit", "rollback", "rollback to", "savepoint", "release",
		"set", "reset", "listen", "unlisten", "notify", "prepare", "deallocate":
		return r.writes
	case "explain":
		return r.analyzes
	case "copy":
		return r.writes || r.copies != "to"
	}
	return true
}

// read takes note of a token.
func (r *traitReader) read() {
	l := r.level()
	if l.expectsTable {
		r.table(l)
	}
	switch {
	case r.here.Unterminated, r.here.Kind == Other:
		r.doubt = true
	case r.here.Kind == Parameter:
		r.traits.Operands++
	case r.is("(") || r.is("["):
		r.open()
	case r.is(")") || r.is("]"):
		r.close()
	case r.is(",") && l.inFrom:
		l.expectsTable = true
	case r.is(";") && len(r.levels) == 1 && r.body == 0:
		r.endStatement()
		return
	case r.here.Kind == Word && !r.isBefore(".") && (!r.isBefore("as") || r.contains(l)): // otherwise any word is a name
		r.word(l, string(r.tokens.Text(r.here)))
	}
	l.began = true
}

// open begins a level.
func (r *traitReader) open() {
	if r.before.Kind == Word && r.makesList() {
		r.traits.HasList = true
		r.hasOtherList = r.hasOtherList || !r.isSingle()
	}
	l := r.level()
	if !l.began && len(r.levels) == 1 {
		r.first, r.verb = "(", "select" // only queries may be in brackets
	}
	inside := level{inFrom: l.expectsTable, expectsTable: l.expectsTable}
	l.expectsTable, l.began = false, true
	if len(r.levels) > maxFrames {
		r.doubt = true
		return
	}
	r.levels = append(r.levels, inside)
}

// makesList reports whether the bracket here begins a list, because of the word before it.
func (r *traitReader) makesList() bool {
	if r.is("[") {
		return r.isBefore("array")
	}
	switch string(r.tokens.Text(r.before)) {
	case "in", "any", "some", "all":
		return r.next.Kind != Word || !beginsQuery(r.tokens.Text(r.next))
	case "unnest":
		return true
	}
	return false
}

// isSingle reports whether the bracket here begins a list that is one placeholder after IN, maybe with casts.
func (r *traitReader) isSingle() bool {
	inside := conditionReader{tokens: r.tokens, here: r.next}
	return r.isBefore("in") && inside.placeholder() > 0 && inside.is(")")
}

// close ends a level.
func (r *traitReader) close() {
	if len(r.levels) == 1 {
		r.doubt = true
		return
	}
	if l := r.level(); l.selects && !l.hasFrom || l.expectsTable {
		r.tables = false
	}
	r.levels = r.levels[:len(r.levels)-1]
}

// word takes note of a key word, or of a name that looks like one.
func (r *traitReader) word(l *level, word string) {
	if len(r.levels) == 1 {
		r.topWord(l, word)
	}
	switch word {
	case "with":
		l.with = l.with || r.begins(l)
	case "select", "values", "table":
		r.query(l, word)
	case "insert", "update", "delete", "merge":
		r.write(l, word)
	case "into":
		r.writes = true
	case "returning":
		r.traits.HasReturning = r.traits.HasReturning || l.writes
	case "for":
		r.locks(l)
	case "union", "intersect", "except", "tablesample":
		r.tables = false
	case "analyze", "analyse":
		r.analyzes = true
	}
	r.clause(l, word)
}

// topWord takes note of a word outside all brackets.
func (r *traitReader) topWord(l *level, word string) {
	switch {
	case !l.began:
		r.first = word
		r.verb = r.verbOf(word)
	case r.first == "rollback" && word == "to":
		r.verb = "rollback to"
	case r.first == "copy" && r.copies == "" && (word == "to" || word == "from"):
		r.copies = word
		if r.isNext("program") {
			r.copies = "program"
		}
	case r.first == "create" && (word == "atomic" && r.isBefore("begin") || r.body > 0 && word == "case"):
		r.body++ // CREATE FUNCTION … BEGIN ATOMIC …; … END
	case r.body > 0 && word == "end":
		r.body--
	}
}

// verbOf returns the verb of a statement that begins with a word. That of WITH comes later.
func (r *traitReader) verbOf(word string) string {
	switch word {
	case "with":
		return ""
	case "values", "table":
		return "select"
	case "start":
		if r.isNext("transaction") {
			return "begin"
		}
	case "prepare":
		if r.isNext("transaction") {
			return "prepare transaction"
		}
	case "commit", "rollback":
		if r.isNext("prepared") {
			return word + " prepared"
		}
	case "end":
		return "commit"
	case "abort":
		return "rollback"
	}
	return word
}

// begins reports whether a statement can begin at this place of a level: at its beginning, or after
// the WITH at its beginning or a statement that contains it, but not where WITH has a name.
func (r *traitReader) begins(l *level) bool {
	if !l.began {
		return true
	}
	return (l.with || r.contains(l)) && !l.selects && !l.writes && !r.isBefore("with") && !r.isBefore("recursive") && !r.isBefore(",")
}

// contains reports whether a statement can begin here inside another, without brackets.
func (r *traitReader) contains(l *level) bool {
	if len(r.levels) > 1 || l.selects || l.writes {
		return false
	}
	switch r.first {
	case "create", "prepare":
		return r.isBefore("as")
	case "declare":
		return r.isBefore("for")
	}
	return r.first == "explain"
}

// query takes note of SELECT, VALUES and TABLE. Columns can have the name values.
func (r *traitReader) query(l *level, word string) {
	if word == "values" && !l.writes {
		r.traits.HasList, r.hasOtherList = true, true
	}
	if l.selects || word != "select" {
		r.tables = false
	}
	if r.begins(l) && (word != "values" || r.isNext("(")) {
		l.selects, l.inFrom, l.expectsTable = true, false, false
		r.mainVerb("select")
	}
	l.selects = l.selects || word == "select"
}

// mainVerb sets the verb of a statement that began with WITH.
func (r *traitReader) mainVerb(verb string) {
	if len(r.levels) == 1 && r.first == "with" {
		r.verb = verb
	}
}

// write takes note of INSERT, UPDATE, DELETE and MERGE, which are also names of columns and the
// last word of FOR UPDATE.
func (r *traitReader) write(l *level, word string) {
	if !r.begins(l) {
		return
	}
	switch word {
	case "insert", "merge":
		if !r.isNext("into") {
			return
		}
	case "delete":
		if !r.isNext("from") {
			return
		}
	default:
		if !r.next.Kind.IsName() {
			return
		}
	}
	r.writes, l.writes = true, true
	r.mainVerb(word)
}

// locks takes note of FOR. Only in CREATE POLICY, FOR UPDATE means something else.
func (r *traitReader) locks(l *level) {
	if (r.first != "create" || l.selects) && (r.isNext("update") || r.isNext("share") || r.isNext("no") || r.isNext("key")) {
		r.traits.Locks = true
	}
}
