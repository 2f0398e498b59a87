// Package filter is the expression language over messages and exchanges: it lets
// through what an expression is true of.
//
// It guarantees that what is let through comes in the order it came in, that what
// is only known when an exchange ends (its SQLSTATE, its command tag) is waited
// for, in bounded memory, and that a mistake in an expression is told at its place,
// with the names that exist. What can't be computed is false, and only that; it is said once.
//
// It guarantees too that of connections, which have a smaller vocabulary, all is let
// through or nothing.
//
// It must not know where events come from, nor how any sink looks: it stands in
// front of a sink and is one.
//
// Start reading at variables.go, which has the vocabulary; expression.go is how an expression is
// taken apart, evaluate.go how it is asked. sink.go decides about events, connections.go about
// connections.
package filter

import (
	"slices"

	"pgpi/internal/event"
)

// Filter is an expression over messages and sentences. It may be shared.
type Filter struct{ expression *expression[question] }

// Compile reads an expression (the language of github.com/expr-lang/expr) over the
// vocabulary of variables.go. An error is for the user: what is wrong, where, and
// which names exist.
func Compile(text string) (*Filter, error) {
	e, err := compile(text, vocabulary, `'type in ["Query", "Parse"] and sql contains "orders"'`)
	if err != nil {
		return nil, err
	}
	return &Filter{e}, nil
}

// New stands in front of a sink, which may show exchanges. What can't be computed is said to
// complain, once for all sinks.
func (f *Filter) New(next Next, exchanges bool, complain func(error)) *Sink {
	return newSink(next, newEvaluator(f.expression, complain), exchanges)
}

// AsksForSums reports whether the expression asks what is known of an exchange only when it has
// been added up, so that the sink has to be given exchanges.
func (f *Filter) AsksForSums() bool {
	return newSink(nil, newEvaluator(f.expression, nil), false).needs.sums
}

// AsksForRows reports whether the answer can differ between the rows of a result or of a COPY, so
// that the sink needs each of them.
func (f *Filter) AsksForRows() bool {
	for i := range vocabulary {
		switch vocabulary[i].name {
		case "type", "bytes", "columns":
			if f.expression.reads.has(i) {
				return true
			}
		}
	}
	return false
}

// AsksForShapes reports whether the expression asks for the shape of SQL, so that it has to be found.
func (f *Filter) AsksForShapes() bool {
	i := slices.IndexFunc(vocabulary, func(v variable[question]) bool { return v.name == "shape" })
	return f.expression.reads.has(i)
}

// Connections is an expression that chooses connections, whole ones. It may be shared.
type Connections struct{ expression *expression[event.Identity] }

// CompileConnections is [Compile] for an expression over connections, which has the names of
// connectionVocabulary.
func CompileConnections(text string) (*Connections, error) {
	e, err := compile(text, connectionVocabulary, `'user == "bob" and client != "127.0.0.1"'`)
	if err != nil {
		return nil, err
	}
	return &Connections{e}, nil
}

// New stands in front of a sink, as [Filter.New] does.
func (f *Connections) New(next Next, complain func(error)) *ConnectionSink {
	return &ConnectionSink{outlet: outlet{next: next}, evaluator: newEvaluator(f.expression, complain), beginnings: map[uint32]*beginning{}}
}
