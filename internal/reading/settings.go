package reading

import (
	"unicode/utf8"

	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
)

// AppendUTF8 appends text of the session in UTF-8. Bytes that are not text in the session's
// encoding are copied unchanged.
func (r *Reader) AppendUTF8(dst, text []byte) []byte { return r.readySettings().AppendUTF8(dst, text) }

// InUTF8 returns text of a session with these settings in UTF-8, as AppendUTF8 does. s may be nil.
// It ends the reading of the current message.
func (r *Reader) InUTF8(text string, s *event.Settings) string {
	if s == nil || isASCII(text) {
		return text
	}
	if r.Message = (&event.Message{Settings: s}); r.IsUTF8() {
		return text
	}
	return string(r.AppendUTF8(nil, []byte(text)))
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// KnowsText reports whether what is not UTF-8 after AppendUTF8 is not text in the session's
// encoding.
func (r *Reader) KnowsText() bool {
	s := r.Message.Settings
	return s != nil && s.ClientEncoding != "" && r.readySettings().KnowsText()
}

// IsUTF8 reports whether text of the session is in UTF-8, as far as is known.
func (r *Reader) IsUTF8() bool {
	s := r.Message.Settings
	return s == nil || s.ClientEncoding == "" || s.ClientEncoding == "UTF8"
}

// before19 is for servers of unknown version. Their WAL positions are written as all servers up to
// 18 write them.
var before19 = pgvalue.NewSettings(pgvalue.Parameters{ServerVersion: "18"})

// AppendLSN appends a position in the write-ahead log as the session's server prints it.
func (r *Reader) AppendLSN(dst []byte, lsn uint64) []byte {
	if s := r.Message.Settings; s == nil || s.ServerVersion == "" {
		return pgvalue.AppendLSN(dst, lsn, before19)
	}
	return pgvalue.AppendLSN(dst, lsn, r.readySettings())
}

// SaysWALData reports whether the documentation of the session's server calls XLogData WALData.
func (r *Reader) SaysWALData() bool { return r.readySettings().KnownFrom(19) }

// readySettings returns the session's settings ready for printing values, or nil for none. Usually
// they are those of the previous message.
func (r *Reader) readySettings() *pgvalue.Settings {
	s := r.Message.Settings
	if s == nil {
		return nil
	}
	if s != r.settings {
		r.settings = s
		r.ready = pgvalue.NewSettings(pgvalue.Parameters{
			TimeZone: s.TimeZone, DateStyle: s.DateStyle, IntervalStyle: s.IntervalStyle,
			ClientEncoding: s.ClientEncoding, ServerVersion: s.ServerVersion,
		})
	}
	return r.ready
}
