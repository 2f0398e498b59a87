//go:build cgo

package sqltext

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"unicode/utf8"

	pg_query "github.com/pganalyze/pg_query_go/v6"
	"github.com/pganalyze/pg_query_go/v6/parser"

	"pgpi/internal/sqltext"
	"pgpi/test/sqlgen"
)

// token is a token that both scanners can have. Comments are tokens to both.
type token struct {
	kind       string
	start, end int
}

// inputs is how many texts are compared, unless PGPI_SQL_INPUTS says otherwise.
const inputs = 300_000

// TestScanner compares texts of all sorts. The seed is fixed: what it finds today, it finds
// tomorrow.
func TestScanner(t *testing.T) {
	n := inputs
	if s := os.Getenv("PGPI_SQL_INPUTS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	refused, tokens := 0, 0
	for _, sql := range sqlgen.Statements() {
		compare(t, sql)
	}
	for range n {
		cut, err := compare(t, sqlgen.Text(r))
		tokens += cut
		if err {
			refused++
		}
		if t.Failed() {
			break
		}
	}
	t.Logf("%d texts, %d tokens; PostgreSQL gives up in %d texts", n, tokens, refused)
}

// compare compares a text. It returns how many tokens both agree on, and whether PostgreSQL has
// given up.
func compare(t *testing.T, sql string) (tokens int, refused bool) {
	t.Helper()
	ours, asked := scan(t, sql)
	theirs, end, err := ask(asked, ours)
	switch {
	case err != nil:
		t.Errorf("%q: %v", sql, err)
	case end == len(sql) && len(ours) != len(theirs):
		t.Errorf("%q\n we have %v\nthey have %v", sql, ours, theirs)
	default:
		for i, token := range theirs {
			if i >= len(ours) || ours[i] != token {
				t.Errorf("%q, up to %d of %d\n we have %v\nthey have %v", sql, end, len(sql), ours, theirs)
				break
			}
		}
		if end < len(sql) && len(ours) > len(theirs) && ours[len(theirs)].start > end {
			t.Errorf("%q: they give up at %d, where we have no token: %v", sql, end, ours)
		}
	}
	return len(theirs), end < len(sql)
}

// scan returns our tokens, and the text to compare. pg_query's scanner was changed to return
// comments, and since then does not continue a constant after one. So comments become blanks for
// it. Each byte is in one token.
func scan(t *testing.T, sql string) (all []token, asked string) {
	t.Helper()
	blanked := []byte(sql)
	s := sqltext.NewScanner([]byte(sql), sqltext.SettingsOf("on", "UTF8"))
	end := 0
	for one := s.Next(); one.Kind != sqltext.End; one = s.Next() {
		if one.Start != end || one.End <= one.Start || one.Doubt != sqltext.NoDoubt {
			t.Fatalf("%q: %+v behind %d", sql, one, end)
		}
		end = one.End
		for p := s.Parts(one); p.Next(); {
			for i := p.Start; p.Comment && one.Kind.IsString() && i < p.End; i++ {
				blanked[i] = ' '
			}
		}
		switch one.Kind {
		case sqltext.Space:
		case sqltext.NationalString: // theirs are two: the word nchar, and a constant
			all = append(all, token{"word", one.Start, one.Start + 1}, token{"string", one.Start + 1, one.End})
		default:
			all = append(all, token{nameOf(one.Kind), one.Start, one.End})
		}
	}
	if end != len(sql) {
		t.Fatalf("%q: the last token ends at %d", sql, end)
	}
	return all, string(blanked)
}

// nameOf returns what both scanners know of a kind. Theirs does not distinguish constants with and
// without escapes and in dollar quotes, nor names with and without quotes.
func nameOf(k sqltext.Kind) string {
	switch k {
	case sqltext.EscapeString, sqltext.DollarString:
		return sqltext.String.String()
	case sqltext.QuotedName:
		return sqltext.Word.String()
	case sqltext.Operator, sqltext.Punctuation, sqltext.Other:
		return "symbol"
	}
	return k.String()
}

// ask returns PostgreSQL's tokens, up to the place where it gives up. It says nothing about those
// before that place, so it is asked again for what precedes it. If it does not name the place, or
// names the end of the text, the place is in our last token.
func ask(sql string, ours []token) (tokens []token, end int, err error) {
	for end = len(sql); ; {
		result, err := pg_query.Scan(sql[:end])
		if err == nil {
			for _, one := range result.Tokens {
				tokens = append(tokens, token{theirName(one.Token, sql[one.Start]), int(one.Start), int(one.End)})
			}
			return tokens, end, nil
		}
		var said *parser.Error
		if !errors.As(err, &said) {
			return nil, 0, err
		}
		place := placeOf(sql, said.Cursorpos)
		if said.Cursorpos == 0 || place >= end {
			last := len(ours) - 1
			for last >= 0 && ours[last].start >= end {
				last--
			}
			if last < 0 {
				return nil, 0, fmt.Errorf("PostgreSQL gives up where there is no token: %w", err)
			}
			place = ours[last].start
		}
		end = place
	}
}

// placeOf returns the offset of a character in a text, which PostgreSQL counts from 1.
func placeOf(sql string, character int) (place int) {
	for range character - 1 {
		_, size := utf8.DecodeRuneInString(sql[place:])
		place += size
	}
	return place
}

func theirName(k pg_query.Token, first byte) string {
	switch {
	case k == pg_query.Token_SQL_COMMENT:
		return sqltext.LineComment.String()
	case k == pg_query.Token_C_COMMENT:
		return sqltext.BlockComment.String()
	case k == pg_query.Token_SCONST:
		return sqltext.String.String()
	case k == pg_query.Token_USCONST:
		return sqltext.UnicodeString.String()
	case k == pg_query.Token_BCONST:
		return sqltext.BitString.String()
	case k == pg_query.Token_XCONST:
		return sqltext.HexString.String()
	case k == pg_query.Token_ICONST || k == pg_query.Token_FCONST:
		return sqltext.Number.String()
	case k == pg_query.Token_PARAM:
		return sqltext.Parameter.String()
	case k == pg_query.Token_UIDENT:
		return sqltext.UnicodeName.String()
	case k == pg_query.Token_IDENT || isLetter(first):
		return sqltext.Word.String()
	}
	return "symbol"
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}
