package sqltext

// numberEnd returns where a number ends, including what directly follows its digits.
func (s *Scanner) numberEnd(start int) int {
	if base := fold(s.at(start + 1)); s.sql[start] == '0' && (base == 'x' || base == 'o' || base == 'b') {
		return s.junkEnd(start + 1) // whatever 0x1F, 0o17 and 0b11 have after the 0 can be part of a word
	}
	end := s.digitsEnd(start)
	if s.at(end) == '.' && s.at(end+1) != '.' { // 1..10 is two numbers
		end = s.digitsEnd(end + 1)
	}
	if exponent := end + 1; fold(s.at(end)) == 'e' {
		if sign := s.at(exponent); sign == '+' || sign == '-' {
			exponent++
		}
		if digits := s.digitsEnd(exponent); digits > exponent {
			end = digits
		}
	}
	return s.junkEnd(end)
}

// digitsEnd returns the end of the digits that begin at pos, or pos if there are none. An
// underscore may be between two of them.
func (s *Scanner) digitsEnd(pos int) int {
	for first := pos; ; pos++ {
		if c := s.at(pos); !isDigit(c) && (c != '_' || pos == first || !isDigit(s.at(pos+1))) {
			return pos
		}
	}
}

// junkEnd returns the end of a word that directly follows a number, or pos if there is none. A
// letter before a quote is not part of the word: for server 14 it belongs to a constant, and later
// servers refuse either.
func (s *Scanner) junkEnd(pos int) int {
	if classes[s.at(pos)]&letter == 0 {
		return pos
	}
	if kind, _ := prefixed(s.sql[pos:]); kind != Word {
		return pos
	}
	return s.wordEnd(pos)
}
