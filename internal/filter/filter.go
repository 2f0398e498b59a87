// Package filter is the expression language over messages and exchanges. It lets through what an
// expression is true of.
//
// It guarantees:
//
//   - What is let through keeps its order.
//   - What is only known when an exchange ends (its SQLSTATE, its command tag) is waited for, in
//     bounded memory.
//   - A mistake in an expression is reported with its position, and with the names that exist.
//   - What can't be computed is false, and nothing else is; that is reported once.
//   - Connections, which have a smaller vocabulary, are let through whole or not at all.
//
// Less formally: you get what you asked for, in order, or you are told what is wrong with the
// question.
//
// It must not know where events come from, nor what any sink looks like. It is a sink in front of
// another.
//
// Start reading at variables.go, which has the vocabulary. expression.go takes an expression apart,
// and evaluate.go asks it. sink.go decides about events, connections.go about connections.
package filter

import (
	"slices"

	"pgpi/internal/event"
)

// Filter is an expression over messages and sentences. It may be shared.
type Filter struct{ expression *expression[question] }

// Compile reads an expression (the language of github.com/expr-lang/expr) over the vocabulary in
// variables.go. An error is for the user: what is wrong, where, and which names exist.
func Compile(text string) (*Filter, error) {
	e, err := compile(text, vocabulary, `'type in ["Query", "Parse"] and sql contains "orders"'`)
	if err != nil {
		return nil, err
	}
	return &Filter{e}, nil
}

// New puts a filter in front of a sink. exchanges is set if the sink shows exchanges. complain is
// called about what can't be computed, once for all sinks.
func (f *Filter) New(next Next, exchanges bool, complain func(error)) *Sink {
	return newSink(next, newEvaluator(f.expression, complain), exchanges)
}

// AsksForSums reports whether the expression needs something that is only known when an exchange
// has been added up. Then the sink must get exchanges.
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

// AsksForShapes reports whether the expression asks for the shape of SQL, so that it has to be
// found.
func (f *Filter) AsksForShapes() bool { return f.asksFor("shape") }

// AsksForFindings reports whether the expression asks for findings, so that it is true of little
// else.
func (f *Filter) AsksForFindings() bool { return f.asksFor("finding") }

func (f *Filter) asksFor(name string) bool {
	i := slices.IndexFunc(vocabulary, func(v variable[question]) bool { return v.name == name })
	return f.expression.reads.has(i)
}

// Connections is an expression that chooses whole connections. It may be shared.
type Connections struct{ expression *expression[event.Identity] }

// CompileConnections is [Compile] for an expression over connections, with the names in
// connectionVocabulary.
func CompileConnections(text string) (*Connections, error) {
	e, err := compile(text, connectionVocabulary, `'user == "bob" and client != "127.0.0.1"'`)
	if err != nil {
		return nil, err
	}
	return &Connections{e}, nil
}

// New puts a filter in front of a sink, as [Filter.New] does.
func (f *Connections) New(next Next, complain func(error)) *ConnectionSink {
	return &ConnectionSink{outlet: outlet{next: next}, evaluator: newEvaluator(f.expression, complain), complain: complain, beginnings: map[uint32]*beginning{}, choices: map[uint32]choice{}}
}
