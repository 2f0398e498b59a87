// Package filter is the expression language over messages and exchanges: it lets
// through what an expression is true of.
//
// It guarantees that what is let through comes in the order it came in, that what
// is only known when an exchange ends (its SQLSTATE, its command tag) is waited
// for, in bounded memory, and that a mistake in an expression is told at its place,
// with the names that exist.
//
// It guarantees too that of connections, which have a smaller vocabulary, all is let
// through or nothing.
//
// It must not know where events come from, nor how any sink looks: it stands in
// front of a sink and is one.
//
// Start reading at variables.go, which has the vocabulary; sink.go decides when an
// event is decided, connections.go whether a connection is.
package filter

import (
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// Filter is an expression that is ready to be asked. It may be shared.
type Filter struct {
	program *vm.Program
	// needs says what the expression has to know before it can be asked.
	needs needs
}

// needs are the moments that an expression's variables depend on.
type needs struct {
	login  bool // user, database, app: known with the StartupMessage
	ending bool // sqlstate, tag: known when the exchange ends
}

// Compile reads an expression (the language of github.com/expr-lang/expr) over the
// vocabulary of variables.go. An error is for the user: what is wrong, where, and
// which names exist.
func Compile(expression string) (*Filter, error) {
	f := &Filter{}
	var err error
	f.program, err = compile(expression, variables{}, `'type in ["Query", "Parse"] and sql contains "orders"'`, expr.Patch(&f.needs))
	if err != nil {
		return nil, err
	}
	return f, nil
}

// compile reads an expression over the fields of a struct.
func compile(expression string, vocabulary any, example string, options ...expr.Option) (*vm.Program, error) {
	if strings.TrimSpace(expression) == "" {
		return nil, errors.New("the expression is empty: try " + example)
	}
	program, err := expr.Compile(expression, append(options, expr.Env(vocabulary), expr.AsBool())...)
	if err != nil {
		return nil, explain(expression, vocabulary, err)
	}
	return program, nil
}

// Visit finds out which variables an expression uses.
func (n *needs) Visit(node *ast.Node) {
	id, ok := (*node).(*ast.IdentifierNode)
	if !ok {
		return
	}
	switch id.Value {
	case "user", "database", "app":
		n.login = true
	case "sqlstate", "tag":
		n.ending = true
	}
}

// explain puts an error of the compiler into a sentence and shows the place.
func explain(expression string, vocabulary any, err error) error {
	what := err.Error()
	var at *file.Error
	if !errors.As(err, &at) {
		return fmt.Errorf("%s", what)
	}
	what = at.Message
	if strings.HasPrefix(what, "unknown name") {
		what += "; the names are " + strings.Join(names(vocabulary), ", ")
	}
	line := expression
	if lines := strings.Split(expression, "\n"); at.Line >= 1 && at.Line <= len(lines) {
		line = lines[at.Line-1]
	}
	return fmt.Errorf("%s\n  %s\n  %s^", what, line, strings.Repeat(" ", max(0, at.Column)))
}

// names are the variables of a vocabulary.
func names(vocabulary any) []string {
	t := reflect.TypeOf(vocabulary)
	names := make([]string, 0, t.NumField())
	for i := range t.NumField() {
		names = append(names, t.Field(i).Tag.Get("expr"))
	}
	sort.Strings(names)
	return names
}

func (f *Filter) match(v *variables) bool { return isTrue(f.program, *v) }

// isTrue asks an expression. What can't be computed, like a division by zero, is not
// true.
func isTrue(program *vm.Program, values any) bool {
	result, err := expr.Run(program, values)
	if err != nil {
		return false
	}
	yes, ok := result.(bool)
	return ok && yes
}
