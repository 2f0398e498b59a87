package sqltext

import "hash/maphash"

// HashTokens adds a text to a hash, without spaces and comments: texts that differ only in them have
// the same hash. A comment inside a continued constant counts. The text ends at a NUL, as it does
// for the server.
func HashTokens(h *maphash.Hash, sql []byte, settings Settings) {
	tokens := NewScanner(beforeNUL(sql), settings)
	for t := tokens.NextSignificant(); t.Kind != End; t = tokens.NextSignificant() {
		_, _ = h.Write(tokens.Text(t)) // never fails
		_ = h.WriteByte(0)             // is in no token
	}
}
