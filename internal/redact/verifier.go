package redact

import (
	"bytes"

	"pgpi/internal/event"
)

// How verifiers begin, as servers store them (documentation section "Password Authentication", and
// src/common/scram-common.c, scram_build_secret).
const (
	md5Prefix   = "md5"
	scramPrefix = "SCRAM-SHA-256$"
	md5Digits   = 32
)

// holdsVerifier reports whether some bytes may contain a verifier.
func holdsVerifier(b []byte) bool {
	return bytes.Contains(b, []byte(md5Prefix)) || bytes.Contains(b, []byte(scramPrefix))
}

// appendVerifiers appends the verifiers in a text: md5 with 32 hexadecimal digits, as a word of its
// own, and SCRAM-SHA-256$ with what follows the iterations, however much of it is left. Positions
// are relative to base.
func appendVerifiers(dst []Span, text []byte, base int) []Span {
	for at := 0; at < len(text); {
		next := bytes.Index(text[at:], []byte(md5Prefix))
		if next < 0 {
			break
		}
		start := at + next
		at = start + len(md5Prefix)
		end := at + countWhile(text[at:], isHexDigit)
		if end-at == md5Digits && isWhole(text, start, end) {
			dst = append(dst, Span{Start: base + start, End: base + end, Kind: event.VerifierSpan})
			at = end
		}
	}
	for at := 0; at < len(text); {
		next := bytes.Index(text[at:], []byte(scramPrefix))
		if next < 0 {
			break
		}
		start := at + next
		at = start + len(scramPrefix)
		digits := countWhile(text[at:], isDigit)
		if end := at + digits; digits > 0 && end < len(text) && text[end] == ':' {
			at = end + countWhile(text[end:], isOfSCRAM)
			dst = append(dst, Span{Start: base + start, End: base + at, Kind: event.VerifierSpan})
		}
	}
	return dst
}

// cutVerifier returns where a verifier begins that continues after the end of the text, or -1: the
// rest of it is in the next message.
func cutVerifier(text []byte) int {
	if at := bytes.LastIndex(text, []byte(md5Prefix)); at >= 0 && isWhole(text, at, len(text)) {
		if n := countWhile(text[at+len(md5Prefix):], isHexDigit); n > 0 && n < md5Digits && at+len(md5Prefix)+n == len(text) {
			return at
		}
	}
	if at := bytes.LastIndex(text, []byte(scramPrefix)); at >= 0 && countWhile(text[at+len(scramPrefix):], isOfSCRAM) == len(text)-at-len(scramPrefix) {
		return at
	}
	return -1
}

// isOfSCRAM reports whether a byte can be in a SCRAM verifier after its prefix. JSON may have a
// backslash before a slash.
func isOfSCRAM(c byte) bool {
	return isLetter(c) || isDigit(c) || c == '+' || c == '/' || c == '=' || c == ':' || c == '$' || c == '\\'
}

// isWhole reports whether a part of a text is not next to a letter or digit.
func isWhole(text []byte, start, end int) bool {
	return (start == 0 || !isAlphanumeric(text[start-1])) && (end == len(text) || !isAlphanumeric(text[end]))
}

func countWhile(text []byte, is func(byte) bool) int {
	n := 0
	for n < len(text) && is(text[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool    { return '0' <= c && c <= '9' }
func isHexDigit(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' }
func isLetter(c byte) bool   { return 'a' <= lower(c) && lower(c) <= 'z' }

// isAlphanumeric reports whether a byte is an ASCII letter or digit. Other bytes don't count: some
// are quotes, and some languages have no spaces.
func isAlphanumeric(c byte) bool { return isLetter(c) || isDigit(c) }
