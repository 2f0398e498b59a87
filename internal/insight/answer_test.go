package insight_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// OIDs of types.
const (
	boolean, bigint, smallint, integer, text, uuid = 16, 20, 21, 23, 25, 2950
)

// table is a result.
type table struct {
	columns []event.Column
	rows    [][]string // "null" is NULL
}

// numbers returns a result with one column of integers.
func numbers(name string, values ...int) table {
	t := table{columns: []event.Column{{Name: name, TypeOID: integer}}}
	for _, v := range values {
		t.rows = append(t.rows, []string{strconv.Itoa(v)})
	}
	return t
}

// words returns a result with one column of text.
func words(name string, values ...string) table {
	t := table{columns: []event.Column{{Name: name, TypeOID: text}}}
	for _, v := range values {
		t.rows = append(t.rows, []string{v})
	}
	return t
}

// with returns a result with one more column.
func (t table) with(c event.Column, values ...string) table {
	t.columns = append(t.columns[:len(t.columns):len(t.columns)], c)
	rows := make([][]string, len(t.rows))
	for i := range t.rows {
		rows[i] = append(t.rows[i][:len(t.rows[i]):len(t.rows[i])], values[i])
	}
	t.rows = rows
	return t
}

// answers makes the rows of a result the reply to the next statement.
func (p *player) answers(t table) {
	context := &event.Context{Columns: t.columns}
	p.reply = nil
	for _, row := range t.rows {
		b := binary.BigEndian.AppendUint16([]byte{'D', 0, 0, 0, 0}, uint16(len(row)))
		for i, v := range row {
			b = appendValue(b, t.columns[i].TypeOID, t.columns[i].Binary, v)
		}
		binary.BigEndian.PutUint32(b[1:], uint32(len(b)-1))
		p.reply = append(p.reply, event.Message{Message: wire.Message{Type: wire.DataRow, Bytes: b, Size: int64(len(b))}, Context: context})
	}
}

// inRuns makes runs of the rows of the reply.
func (p *player) inRuns(size int) {
	var runs []event.Message
	for i, m := range p.reply {
		if i%size == 0 {
			runs = append(runs, m)
			continue
		}
		last := &runs[len(runs)-1]
		last.Bytes, last.Size, last.More = append(last.Bytes[:len(last.Bytes):len(last.Bytes)], m.Bytes...), last.Size+m.Size, last.More+1
	}
	p.reply = runs
}

// bound makes an exchange one that binds values.
func bound(oid uint32, isBinary bool, values ...string) func(*event.Exchange) {
	return func(x *event.Exchange) {
		types := make([]uint32, len(values))
		b := []byte{'B', 0, 0, 0, 0, 0, 0}
		b = binary.BigEndian.AppendUint16(b, 1)
		format := uint16(0)
		if isBinary {
			format = 1
		}
		b = binary.BigEndian.AppendUint16(b, format)
		b = binary.BigEndian.AppendUint16(b, uint16(len(values)))
		for i, v := range values {
			types[i] = oid
			b = appendValue(b, oid, isBinary, v)
		}
		b = binary.BigEndian.AppendUint16(b, 0)
		binary.BigEndian.PutUint32(b[1:], uint32(len(b)-1))
		x.Kind, x.Context = event.Extended, &event.Context{SQL: x.Context.SQL, ParameterTypes: types}
		x.Bind = &event.Message{Message: wire.Message{Type: wire.Bind, Bytes: b, Size: int64(len(b))}, Context: x.Context}
	}
}

func appendValue(b []byte, oid uint32, isBinary bool, v string) []byte {
	if v == "null" {
		return binary.BigEndian.AppendUint32(b, 0xffffffff)
	}
	content := []byte(v)
	if isBinary {
		n, _ := strconv.ParseInt(v, 10, 64)
		switch oid {
		case smallint:
			content = binary.BigEndian.AppendUint16(nil, uint16(n))
		case integer:
			content = binary.BigEndian.AppendUint32(nil, uint32(n))
		case bigint:
			content = binary.BigEndian.AppendUint64(nil, uint64(n))
		case uuid:
			content, _ = hex.DecodeString(strings.ReplaceAll(v, "-", ""))
		}
	}
	return append(binary.BigEndian.AppendUint32(b, uint32(len(content))), content...)
}

// list runs a statement on the first connection that returns a result.
func (p *player) list(sql string, t table, changes ...func(*event.Exchange)) {
	p.answers(t)
	p.run(1, sql, changes...)
}

// each runs a statement for each of some values.
func (p *player) each(conn uint32, sql string, values ...int) {
	for _, v := range values {
		p.run(conn, fmt.Sprintf(sql, v))
	}
}

// eachText is each, for text.
func (p *player) eachText(sql string, values ...string) {
	for _, v := range values {
		p.run(1, fmt.Sprintf(sql, v))
	}
}

// upTo returns integers that count.
func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i+1)
	}
	return all
}
