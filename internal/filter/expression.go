package filter

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/optimizer"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// expression is an expression over the variables of a vocabulary. It is taken apart at each and, or
// and not. A part that can't be computed is false. A part whose variables are not known yet must
// wait. In either case, the other parts still count. An expression may be shared.
type expression[Q any] struct {
	text       string
	vocabulary []variable[Q]
	root       *node
	parts      []*part
	reads      variables
}

// node is a place where an expression was taken apart, or a part.
type node struct {
	operator    operator
	left, right *node // not only has a left one
	part        int
}

type operator uint8

const (
	isPart operator = iota
	and
	or
	not
)

// part is something that can only be computed as a whole.
type part struct {
	program *vm.Program
	reads   variables
	said    atomic.Bool // that it could not be computed
}

// variables is a set of variables, by index in a vocabulary.
type variables uint32

func (s variables) has(i int) bool { return s&(1<<i) != 0 }

// compile reads an expression.
func compile[Q any](text string, vocabulary []variable[Q], example string) (*expression[Q], error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("the expression is empty: try " + example)
	}
	config := conf.New(zeroValues(vocabulary))
	expr.AsBool()(config)
	// Time comes from events, and what was computed is not computed again.
	expr.Function("ms", func(params ...any) (any, error) {
		switch n := params[0].(type) {
		case int:
			return n * int(time.Millisecond), nil
		case float64:
			return int(n * float64(time.Millisecond)), nil
		}
		return nil, errors.New("ms: the argument must be a number of milliseconds")
	}, new(func(int) int), new(func(float64) int))(config)
	config.Disabled["now"] = true
	delete(config.Builtins, "now")
	e := &expression[Q]{text: text, vocabulary: vocabulary}
	tree, err := checker.ParseCheck(text, config)
	if err == nil {
		err = checkDurations(tree.Node)
	}
	if err == nil {
		s := splitter[Q]{e, tree.Source, config, nil}
		e.root = s.split(tree.Node)
		err = s.err
	}
	if err != nil {
		return nil, e.explain(err)
	}
	return e, nil
}

// splitter takes an expression apart.
type splitter[Q any] struct {
	*expression[Q]

	source file.Source
	config *conf.Config
	err    error
}

func (s *splitter[Q]) split(n ast.Node) *node {
	switch n := n.(type) {
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return &node{operator: not, left: s.split(n.Node)}
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&":
			return &node{operator: and, left: s.split(n.Left), right: s.split(n.Right)}
		case "or", "||":
			return &node{operator: or, left: s.split(n.Left), right: s.split(n.Right)}
		case "!=": // the negation of ==, even if that can't be computed
			equal := *n
			equal.Operator = "=="
			return &node{operator: not, left: s.split(&equal)}
		}
	case *ast.ConditionalNode:
		condition := s.split(n.Cond)
		return &node{
			operator: or,
			left:     &node{operator: and, left: condition, right: s.split(n.Exp1)},
			right:    &node{operator: and, left: &node{operator: not, left: condition}, right: s.split(n.Exp2)},
		}
	}
	return s.part(n)
}

// part makes a program for something that can't be taken apart.
func (s *splitter[Q]) part(n ast.Node) *node {
	p := &part{reads: s.variablesIn(n)}
	err := optimizer.Optimize(&n, s.config)
	if err == nil {
		p.program, err = compiler.Compile(&parser.Tree{Node: n, Source: s.source}, s.config)
	}
	s.err = cmp.Or(s.err, err)
	s.parts = append(s.parts, p)
	s.reads |= p.reads
	return &node{part: len(s.parts) - 1}
}

// variablesIn returns the variables that something uses.
func (e *expression[Q]) variablesIn(n ast.Node) (found variables) {
	ast.Walk(&n, visitor(func(n ast.Node) {
		id, ok := n.(*ast.IdentifierNode)
		if !ok {
			return
		}
		for i := range e.vocabulary {
			if id.Value == e.vocabulary[i].name || id.Value == "$env" { // $env has all variables
				found |= 1 << i
			}
		}
	}))
	return found
}

// visitor is called for each node of a tree.
type visitor func(ast.Node)

// Visit is for [ast.Walk].
func (v visitor) Visit(n *ast.Node) { v(*n) }

// names returns the names of the variables of a vocabulary.
func names[Q any](vocabulary []variable[Q]) []string {
	all := make([]string, 0, len(vocabulary))
	for i := range vocabulary {
		all = append(all, vocabulary[i].name)
	}
	slices.Sort(all)
	return all
}
