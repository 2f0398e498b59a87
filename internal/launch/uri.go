package launch

import (
	"errors"
	"net/url"
	"strings"
)

// parseURI reads a connection URI as libpq does (conninfo_uri_parse_options in fe-connect.c), with
// two differences. The user part ends at the last "@" before the path, as in other drivers. And an
// "@" that drivers interpret differently is refused: part of a password must not be taken for a
// host.
func (c *connString) parseURI(text string) error {
	c.prefix = uriPrefix.FindString(text)
	authority, rest := cutAny(text[len(c.prefix):], "/?")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		c.userinfo, authority = authority[:at+1], authority[at+1:]
	}
	path, query, hasQuery := strings.Cut(rest, "?")
	c.path = path
	if strings.Contains(path, "@") || c.userinfo == "" && path == "" && strings.Contains(query, "@") {
		return errors.New(`it has an "@" after its host; write %40 for an "@", %2F for a "/" and %3F for a "?" that are part of a password or name`)
	}
	for _, part := range []string{c.userinfo, path} {
		if _, err := unescape(part); err != nil {
			return err
		}
	}
	if err := c.parseAuthority(authority); err != nil {
		return err
	}
	if !hasQuery {
		return nil
	}
	return c.parseQuery(query)
}

// parseAuthority reads "host:port,host:port". Any part may be missing.
func (c *connString) parseAuthority(authority string) error {
	var hosts, ports []string
	for _, place := range strings.Split(authority, ",") {
		host, port, err := cutPort(place)
		if err != nil {
			return err
		}
		if host, err = unescape(host); err != nil {
			return err
		}
		if port, err = unescape(port); err != nil {
			return err
		}
		hosts, ports = append(hosts, host), append(ports, port)
	}
	// libpq stores neither list if it is empty, so that the environment counts.
	if host := strings.Join(hosts, ","); host != "" {
		c.set("host", host)
	}
	if port := strings.Join(ports, ","); port != "" {
		c.set("port", port)
	}
	return nil
}

// cutPort cuts "host:port". An IPv6 address is in brackets.
func cutPort(place string) (host, port string, err error) {
	if !strings.HasPrefix(place, "[") {
		host, port, _ = strings.Cut(place, ":")
		return host, port, nil
	}
	host, after, ok := strings.Cut(place[1:], "]")
	if !ok || host == "" || after != "" && after[0] != ':' {
		return "", "", errors.New("its IPv6 address is not written as [address]")
	}
	return host, strings.TrimPrefix(after, ":"), nil
}

// parseQuery reads the parameters after the "?". SQLAlchemy writes several hosts as repeated
// host=name:port. Elsewhere the last of a name counts.
func (c *connString) parseQuery(query string) error {
	var hosts, ports []string
	for _, raw := range strings.Split(query, "&") {
		if raw == "" {
			continue
		}
		p, err := c.queryParam(raw)
		if err != nil {
			return err
		}
		if p.keyword == "host" && strings.Contains(c.prefix, "+") && !strings.HasPrefix(p.value, "/") {
			host, port, err := cutPort(p.value)
			if err != nil {
				return err
			}
			hosts, ports = append(hosts, host), append(ports, port)
			p.value = strings.Join(hosts, ",")
			if list := strings.Join(ports, ","); strings.Trim(list, ",") != "" {
				c.set("port", list)
			}
		}
		c.add(p)
	}
	return nil
}

// queryParam decodes "name=value". Only pgjdbc accepts a name alone.
func (c *connString) queryParam(raw string) (param, error) {
	name, value, ok := strings.Cut(raw, "=")
	if !ok && c.form == uriForm {
		return param{}, errors.New(`a parameter after its "?" has no "="`)
	}
	if c.form == jdbcForm {
		value = strings.ReplaceAll(value, "+", " ") // as in URLDecoder
	}
	name, err := unescape(name)
	if err != nil {
		return param{}, err
	}
	value, err = unescape(value)
	if err != nil {
		return param{}, err
	}
	return param{keyword: c.form.keyword(name), name: name, value: value, raw: raw}, nil
}

// unescape decodes %XX as strictly as libpq does (conninfo_uri_decode). The error does not repeat
// the text.
func unescape(text string) (string, error) {
	plain, err := url.PathUnescape(text)
	if err != nil || strings.Contains(plain, "\x00") {
		return "", errors.New("it has a % that is not followed by two hexadecimal digits other than 00; write %25 for a %")
	}
	return plain, nil
}

// escapeQuery encodes a value for a query so that libpq and the other drivers all read it back: "/"
// is unchanged, and a blank is %20, not "+".
func escapeQuery(value string) string {
	escaped := strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
	return strings.ReplaceAll(escaped, "%2F", "/")
}

// cutAny cuts text before the first of the characters.
func cutAny(text, chars string) (before, rest string) {
	if i := strings.IndexAny(text, chars); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}
