package pgvalue

import (
	_ "embed" // functions.txt
	"strings"
)

// functionTable has lines for the built-in functions of PostgreSQL 14 to 18, ordered by OID. A line
// has the OID, the versions to which the line applies if not to all, the function's name, and the
// OIDs of its result type and of its arguments' types.
//
//go:embed functions.txt
var functionTable string

// The versions in functionTable.
const oldestFunctions, newestFunctions = 14, 18

// Function is a built-in function, as in pg_proc.
type Function struct {
	Name      string
	Result    uint32 // the OID of its type
	arguments string
}

// BuiltinFunction returns the function that a FunctionCall names by its OID, for the version in the
// session's settings. A nil s means the defaults. Functions are less stable than types: an OID has
// been reused, and functions have got another argument. So if the version is unknown, or not in the
// table, only functions that are the same in all versions are returned. None gets a wrong name.
func BuiltinFunction(oid uint32, s *Settings) (Function, bool) {
	version := uint32(0)
	if s != nil {
		version = uint32(s.version)
	}
	for rest := functionTable[functionsFrom(oid):]; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		number, signature, _ := strings.Cut(line, " ")
		if unsigned(number) != oid {
			break
		}
		first, last := uint32(oldestFunctions), uint32(newestFunctions)
		if signature[0] >= '0' && signature[0] <= '9' {
			var versions string
			versions, signature, _ = strings.Cut(signature, " ")
			from, to, _ := strings.Cut(versions, "-")
			first, last = unsigned(from), unsigned(to)
		}
		if first <= version && version <= last || first == oldestFunctions && last == newestFunctions {
			return makeFunction(signature), true
		}
	}
	return Function{}, false
}

func makeFunction(signature string) (f Function) {
	f.Name, signature, _ = strings.Cut(signature, " ")
	result, arguments, _ := strings.Cut(signature, " ")
	f.Result, f.arguments = unsigned(result), arguments
	return f
}

// Argument returns the OID of the type of an argument, counted from 0. It returns 0 if there is
// none.
func (f *Function) Argument(i int) uint32 {
	rest := f.arguments
	for ; i > 0; i-- {
		_, rest, _ = strings.Cut(rest, " ")
	}
	first, _, _ := strings.Cut(rest, " ")
	return unsigned(first)
}

// functionsFrom returns the offset of the first line whose OID is at least wanted.
func functionsFrom(wanted uint32) int {
	low, high := 0, len(functionTable) // offsets of beginnings of lines
	for low < high {
		middle := (low + high) / 2
		start := strings.LastIndexByte(functionTable[:middle], '\n') + 1
		end := start + strings.IndexByte(functionTable[start:], '\n') + 1
		number, _, _ := strings.Cut(functionTable[start:end], " ")
		if unsigned(number) < wanted {
			low = end
		} else {
			high = start
		}
	}
	return low
}

// unsigned reads a number of the table, or returns 0 if there is none.
func unsigned(digits string) uint32 {
	v := uint32(0)
	for i := range len(digits) {
		v = v*10 + uint32(digits[i]-'0')
	}
	return v
}
