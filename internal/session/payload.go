package session

import (
	"bytes"
	"encoding/binary"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// payloads is what the CopyData of one party contains.
type payloads struct {
	// holds is the type of all its messages. XLogData and BackupData are general: their messages
	// have a letter of their own.
	holds   wire.Type
	state   wire.State // of the next message
	context *event.Context
	// names is set if headings that follow are the names of the columns.
	names   bool
	logical *logical // what is in XLogData, or nil if that has no grammar

	// ahead follows a message too large to wait for, while it passes.
	ahead     wire.Copy
	following bool
}

// advance moves to the position after a message. A server's messages end with a row each. No server
// has been seen to stop in the middle of one.
func (p *payloads) advance(from wire.Sender, m *wire.Message) {
	body := m.Bytes[min(len(m.Bytes), wire.HeaderSize):]
	whole := int64(len(m.Bytes)) == m.Size
	switch {
	case from == wire.Server && (!whole || p.holds != wire.CopyBinary && bytes.HasSuffix(body, []byte("\n"))):
		p.state.Copy.NextRow()
	case p.following:
		p.state.Copy = p.ahead
	case whole:
		p.state.Copy = p.state.Copy.After(p.holds, body)
	default:
		p.holds = wire.CopyData
	}
	p.following = false
}

func (c *copying) payloadsOf(m wire.Message, command sqltext.Replication, sql *event.Context, query bool, settings *event.Settings) *payloads {
	in := m.Type == wire.CopyInResponse
	switch {
	case command.Command == "base_backup" && !in:
		return c.backup(serverVersion(settings))
	case command.Command == "upload_manifest" && in:
		return &payloads{holds: wire.UploadManifest}
	}
	index := 0
	if query { // of several statements, perhaps
		index = c.copies
		c.copies++
	}
	return c.rowsOf(m, sql, index, settings)
}

// backup distinguishes the two ways to send a base backup. From server 15 on, all archives are in
// one CopyOut, with letters. Before that each has its own, and the last is the manifest.
func (c *copying) backup(version int) *payloads {
	c.tars++
	switch {
	case version >= 15:
		return &payloads{holds: wire.BackupData}
	case version == 0:
		return nil
	case c.tars > c.rows:
		return &payloads{holds: wire.BackupManifestData}
	}
	return &payloads{holds: wire.BackupTar}
}

// rowsOf finds out from SQL how rows are written.
func (c *copying) rowsOf(m wire.Message, sql *event.Context, index int, settings *event.Settings) *payloads {
	if len(m.Bytes) < wire.HeaderSize+3 {
		return nil
	}
	in, isBinary := m.Type == wire.CopyInResponse, m.Bytes[wire.HeaderSize] == 1
	s, found := sqltext.FindCopy(sql.SQL, index, sql.Settings.SQL())
	if s.Format == "json" && s.To && !in && !isBinary {
		return jsonRows(sql, s.Relation)
	}
	found = found && s.To != in && (s.Format == "binary") == isBinary
	p := &payloads{holds: wire.CopyBinary}
	switch {
	case isBinary && !found:
		return p
	case !found:
		return nil
	case s.Format == "csv":
		p.holds = wire.CopyCSV
	case s.Format == "text":
		p.holds = wire.CopyText
	}
	if !isBinary {
		p.state.Copy = rowsAs(s)
		version := serverVersion(settings)
		p.state.Copy.EndMark = in && (s.Format == "text" || version > 0 && version < 18)
		p.state.Copy.Characters = charactersOf(s.Encoding, settings)
	}
	columns := int(binary.BigEndian.Uint16(m.Bytes[wire.HeaderSize+1:]))
	p.context = &event.Context{SQL: sql.SQL, Shortened: sql.Shortened, Shaped: sql.Shaped, Settings: sql.Settings, Relation: s.Relation}
	if len(s.Columns) == columns {
		p.context.Columns = namedColumns(s.Columns, isBinary)
	}
	p.names = p.context.Columns == nil && (s.To || s.Match)
	return p
}

// learnNames reads the names of columns from a complete line of headings.
func (c *copying) learnNames(p *payloads, m *event.Message) {
	var names []string
	c.fields = wire.AppendFields(c.fields[:0], &m.Message)
	for _, f := range c.fields {
		switch f.Name {
		case wire.CopyHeading:
			names = append(names, heading(string(m.Bytes[f.Start:f.End]), p))
		case wire.CopyPart:
			return
		case wire.RowEnd:
			named := *p.context
			named.Columns = namedColumns(names, false)
			p.context, p.names = &named, false
			return
		}
	}
}

func namedColumns(names []string, isBinary bool) []event.Column {
	columns := make([]event.Column, len(names))
	for i, name := range names {
		columns[i] = event.Column{Name: name, TypeModifier: -1, Binary: isBinary}
	}
	return columns
}

// jsonRows is what COPY TO with FORMAT json sends, from server 19 on: all columns of a row in one
// value, which contains their names.
func jsonRows(sql *event.Context, relation string) *payloads {
	const jsonType = 114
	return &payloads{holds: wire.CopyJSON, context: &event.Context{
		SQL: sql.SQL, Shortened: sql.Shortened, Shaped: sql.Shaped, Settings: sql.Settings, Relation: relation,
		Columns: []event.Column{{Name: "json", TypeOID: jsonType, TypeModifier: -1}},
	}}
}
