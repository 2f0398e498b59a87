package wire

import "bytes"

// Rows of COPY TO with FORMAT json, which servers have from 19 on (documentation of the command
// COPY; src/backend/commands/copyto.c). A message is a row: an object and a line feed. With
// FORCE_ARRAY the rows are elements of an array: "[" is a line of its own, a space or a comma
// precedes each row, and "]" ends the data.
func walkCopyJSON(c *cursor) {
	c.header()
	if c.random != nil {
		c.writeJSON()
	}
	if c.done {
		return
	}
	body := c.data[c.pos:]
	whole := c.cut <= 0 && bytes.HasSuffix(body, []byte{'\n'})
	switch {
	case whole && string(body) == "[\n":
		c.add(CopyDelimiter, Text, 1, 0)
	case whole && string(body) == "]\n":
		c.add(CopyEnd, Text, 1, 0)
	case len(body) > 0:
		if body[0] == ' ' || body[0] == ',' {
			c.add(CopyDelimiter, Text, 1, 0)
		}
		c.Group(Column, 0, jsonRow)
	}
	if whole {
		c.add(RowEnd, Text, 1, 0)
	}
}

// jsonRow reads an object, or as much of it as there is. The object may contain line feeds.
func jsonRow(c *cursor) {
	width := len(c.data) - c.pos
	name := CopyPart
	if c.cut <= 0 && width > 0 && c.data[len(c.data)-1] == '\n' {
		name = CopyValue
		width--
	}
	if width > 0 {
		c.add(name, TextValue, width, 0)
	}
}

// writeJSON writes one of the messages that walkCopyJSON reads.
func (c *cursor) writeJSON() {
	rows := [...]string{"[\n", "]\n", "{}\n", "{\"a\":1,\"b\":null}\n", " {\"a\":\"\\u00e9\"}\n", ",{\"j\":[1,\n 2]}\n"}
	c.data = append(c.data, rows[c.random.IntN(len(rows))]...)
}
