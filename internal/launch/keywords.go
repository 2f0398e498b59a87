package launch

import (
	"errors"
	"strings"
)

const blanks = " \t\n\r\v\f"

// parseKeywords reads "host=h port=5432 password='a b'" as libpq does (conninfo_parse in
// fe-connect.c).
func (c *connString) parseKeywords(text string) error {
	c.form = keywordForm
	rest := strings.TrimLeft(text, blanks)
	for rest != "" {
		name, after, ok := strings.Cut(rest, "=")
		name = strings.TrimRight(name, blanks)
		if !ok || name == "" || strings.ContainsAny(name, blanks) {
			return errors.New(`it has a word without "="; put values with blanks in single quotes`)
		}
		after = strings.TrimLeft(after, blanks)
		value, length, err := scanValue(after)
		if err != nil {
			return err
		}
		raw := name + "=" + after[:length]
		c.add(param{keyword: name, name: name, value: value, raw: raw})
		rest = strings.TrimLeft(after[length:], blanks)
	}
	for _, keyword := range []string{"host", "hostaddr", "port", "dbname", "user", "service"} {
		if c.has(keyword) {
			return nil
		}
	}
	return errors.New("it names neither a host, a database, a user nor a service as libpq does (host=, dbname=, user=, service=)")
}

// scanValue decodes the value at the start of text, and returns how many bytes of text it took. The
// character after a backslash is literal.
func scanValue(text string) (value string, length int, err error) {
	quoted := strings.HasPrefix(text, "'")
	var b strings.Builder
	i := 0
	if quoted {
		i = 1
	}
	for ; i < len(text); i++ {
		switch ch := text[i]; {
		case ch == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case ch == '\\':
			// A backslash at the end is ignored.
		case quoted && ch == '\'':
			return b.String(), i + 1, nil
		case !quoted && strings.IndexByte(blanks, ch) >= 0:
			return b.String(), i, nil
		default:
			b.WriteByte(ch)
		}
	}
	if quoted {
		return "", 0, errors.New("a value in it begins with a single quote that has no end")
	}
	return b.String(), i, nil
}

// quoteValue quotes a value so that scanValue reads it back.
func quoteValue(value string) string {
	if value != "" && !strings.ContainsAny(value, blanks+`'\`) {
		return value
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}
