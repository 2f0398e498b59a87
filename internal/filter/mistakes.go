package filter

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
)

// remedies are what helps with the mistakes of people who know other languages, by what the
// compiler says.
var remedies = []struct {
	mistake *regexp.Regexp
	remedy  string
}{
	{regexp.MustCompile(`token Operator\("="\)`), "compare with =="},
	{regexp.MustCompile(`token Operator\(">"\)`), "unequal is !="},
	{regexp.MustCompile(`token Identifier\("(AND|OR|NOT|IN)"\)`), "and, or, not, in are lower case"},
	{regexp.MustCompile(`(?i)token Identifier\("i?like"\)`), "use contains, startsWith, endsWith or matches"},
	{regexp.MustCompile(`character: U\+007E`), "use matches"},
	{regexp.MustCompile(`token EOF`), "something is missing at the end"},
	{regexp.MustCompile(`^bad number`), "write a duration as ms(100)"},
	{regexp.MustCompile(`^expected bool`), `compare it with something, as in sql contains "orders"`},
}

// explain turns an error of the compiler into a sentence, with what helps, and shows the position.
func (e *expression[Q]) explain(err error) error {
	what, position := err.Error(), ""
	if at, ok := errors.AsType[*file.Error](err); ok {
		at = at.Bind(file.NewSource(e.text))
		what, position = at.Message, e.show(at)
	}
	for _, r := range remedies {
		if r.mistake.MatchString(what) {
			what += ": " + r.remedy
			break
		}
	}
	if strings.HasPrefix(what, "unknown name") {
		what += "; the names are " + strings.Join(names(e.vocabulary), ", ")
	}
	return errors.New(what + position)
}

// show shows the position of an error.
func (e *expression[Q]) show(at *file.Error) string {
	line := e.text
	if lines := strings.Split(e.text, "\n"); at.Line >= 1 && at.Line <= len(lines) {
		line = lines[at.Line-1]
	}
	return fmt.Sprintf("\n  %s\n  %s^", line, strings.Repeat(" ", max(0, at.Column)))
}

// checkDurations refuses to compare a duration with a bare number. It would be one of nanoseconds,
// which nobody means.
func checkDurations(tree ast.Node) (err error) {
	ast.Walk(&tree, visitor(func(n ast.Node) {
		c, ok := n.(*ast.BinaryNode)
		if !ok || err != nil || !slices.Contains([]string{"<", "<=", ">", ">=", "==", "!="}, c.Operator) {
			return
		}
		for _, sides := range [][2]ast.Node{{c.Left, c.Right}, {c.Right, c.Left}} {
			if number := bareNumber(sides[1]); number != "" && isDuration(sides[0]) {
				err = &file.Error{Location: sides[1].Location(), Message: number + " is not a duration: give a number of milliseconds, as in ms(" + number + ")"}
			}
		}
	}))
	return err
}

// bareNumber returns a number other than zero as text, or nothing if a node is not one.
func bareNumber(n ast.Node) string {
	switch n := n.(type) {
	case *ast.IntegerNode:
		if n.Value != 0 {
			return fmt.Sprint(n.Value)
		}
	case *ast.FloatNode:
		if n.Value != 0 {
			return fmt.Sprint(n.Value)
		}
	}
	return ""
}

// isDuration reports whether a node is a duration, or a sum or difference of durations.
func isDuration(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return slices.Contains([]string{"duration", "server_time", "network_time"}, n.Value)
	case *ast.BinaryNode:
		return (n.Operator == "+" || n.Operator == "-") && isDuration(n.Left) && isDuration(n.Right)
	}
	return false
}
