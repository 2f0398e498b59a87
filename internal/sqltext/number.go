package sqltext

// numberEnd returns where a number ends, with what runs on behind its digits.
func (s *Scanner) numberEnd(start int) int {
	if base := fold(s.at(start + 1)); s.sql[start] == '0' && (base == 'x' || base == 'o' || base == 'b') {
		return s.junkEnd(start + 1) // all that 0x1F, 0o17 and 0b11 have behind the 0 is what a word has
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

// digitsEnd returns where digits end that begin at pos: an underscore may be between two of them.
// It is pos where there are none.
func (s *Scanner) digitsEnd(pos int) int {
	for first := pos; ; pos++ {
		if c := s.at(pos); !isDigit(c) && (c != '_' || pos == first || !isDigit(s.at(pos+1))) {
			return pos
		}
	}
}

// junkEnd returns where a word ends that runs on behind a number, or pos where none does. A letter
// before a quote is not part of one: it belongs to a constant to server 14, and later ones refuse
// either.
func (s *Scanner) junkEnd(pos int) int {
	if classes[s.at(pos)]&letter == 0 {
		return pos
	}
	if kind, _ := prefixed(s.sql[pos:]); kind != Word {
		return pos
	}
	return s.wordEnd(pos)
}
