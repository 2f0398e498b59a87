package exchange

import (
	"bytes"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/reading"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// shapes finds the shape of each SQL text, once, in the message that carries it.
type shapes struct {
	shaper sqltext.Shaper
	fields []wire.Field
	reader reading.Reader
}

// find stores the shape where all contexts of a text share it. A text has no shape if a part is
// missing: that part may be anything.
func (s *shapes) find(m *event.Message) {
	if m.Type != wire.Query && m.Type != wire.Parse || m.About == nil || m.About.Shaped == nil || m.About.Shaped.Found {
		return
	}
	found := m.About.Shaped
	found.Found = true
	sql, whole := s.sqlOf(m)
	if !whole {
		return
	}
	settings := m.About.Settings.SQL()
	sql, settings = s.inUTF8(m, sql, settings)
	found.Shape = s.shaper.Shape(sql, settings)
	found.Attributes = sqltext.Attributes(sql, settings)
}

// inUTF8 returns SQL in UTF-8, so that a statement has one shape whatever the encodings of its
// clients are.
func (s *shapes) inUTF8(m *event.Message, sql []byte, settings sqltext.Settings) ([]byte, sqltext.Settings) {
	if m.About.Settings == nil || !slices.ContainsFunc(sql, func(c byte) bool { return c >= 0x80 }) {
		return sql, settings
	}
	if s.reader.Message = (&event.Message{Settings: m.About.Settings}); s.reader.IsUTF8() {
		return sql, settings
	}
	settings.Encoding = sqltext.ASCIISafe
	return s.reader.AppendUTF8(nil, sql), settings
}

// sqlOf returns the SQL of a Query or a Parse, and whether it is complete.
func (s *shapes) sqlOf(m *event.Message) (sql []byte, whole bool) {
	if m.Size != int64(len(m.Bytes)) {
		return nil, false
	}
	s.fields = wire.AppendFields(s.fields[:0], &m.Message)
	for i := range s.fields {
		if f := &s.fields[i]; f.Name == wire.SQL && f.Kind == wire.CString {
			return bytes.TrimSuffix(m.Bytes[f.Start:f.End], []byte{0}), true
		}
	}
	return nil, false
}
