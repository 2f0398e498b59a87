package pgvalue

import (
	"math"
	"math/bits"
	"strconv"
)

func (p *printer) float8() { p.out = appendFloat(p.out, p.double(), &double) }

func (p *printer) float4() {
	p.out = appendFloat(p.out, float64(math.Float32frombits(p.uint32())), &single)
}

// precision is what the text of a float depends on besides its value.
type precision struct {
	bits     int // of the whole number, for strconv
	mantissa int // bits of it, including the hidden one
	digits   int // enough to distinguish all values
	exponent int // the first power of ten that is printed with an exponent
}

var (
	single = precision{bits: 32, mantissa: 24, digits: 9, exponent: 6}
	double = precision{bits: 64, mantissa: 53, digits: 17, exponent: 15}
)

// appendFloat prints a float as the server does with extra_float_digits = 1: the shortest digits
// that read back as v, with an exponent from 1e+15 (float4: 1e+06) up and below 1e-04 (common/d2s.c
// and common/f2s.c).
func appendFloat(dst []byte, v float64, f *precision) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	var buf [32]byte
	d := parseDecimal(shortest(buf[:0], v, f))
	if math.Signbit(v) {
		dst = append(dst, '-')
	}
	if d.exponent < -4 || d.exponent >= f.exponent {
		return d.appendScientific(dst)
	}
	return d.appendPlain(dst)
}

// decimal is a number's digits, without sign and point, and the power of ten of its first digit.
type decimal struct {
	digits   []byte
	exponent int
}

// parseDecimal takes apart what strconv prints with 'e': d.ddde±dd. It reuses its bytes.
func parseDecimal(b []byte) decimal {
	if b[0] == '-' {
		b = b[1:]
	}
	digits, i := b[:1], 1
	if b[i] == '.' {
		for i++; b[i] != 'e'; i++ {
			digits = append(digits, b[i])
		}
	}
	exponent, negative := 0, b[i+1] == '-'
	for _, c := range b[i+2:] {
		exponent = 10*exponent + int(c-'0')
	}
	if negative {
		exponent = -exponent
	}
	return decimal{digits, exponent}
}

func (d decimal) appendScientific(dst []byte) []byte {
	dst = append(dst, d.digits[0])
	if len(d.digits) > 1 {
		dst = append(dst, '.')
		dst = append(dst, d.digits[1:]...)
	}
	dst = append(dst, 'e')
	exponent := d.exponent
	if exponent < 0 {
		dst = append(dst, '-')
		exponent = -exponent
	} else {
		dst = append(dst, '+')
	}
	return appendPadded(dst, int64(exponent), 2)
}

func (d decimal) appendPlain(dst []byte) []byte {
	if d.exponent < 0 {
		dst = append(dst, "0."...)
		for range -d.exponent - 1 {
			dst = append(dst, '0')
		}
		return append(dst, d.digits...)
	}
	whole := d.exponent + 1
	if len(d.digits) > whole {
		dst = append(dst, d.digits[:whole]...)
		dst = append(dst, '.')
		return append(dst, d.digits[whole:]...)
	}
	dst = append(dst, d.digits...)
	for range whole - len(d.digits) {
		dst = append(dst, '0')
	}
	return dst
}

// shortest appends the shortest digits that read back as v. It differs from strconv in one case:
// digits exactly half way to the next float. Go prints them, because they read back correctly where
// readers round to even. The server does not rely on its readers (acceptBounds is false in
// common/d2s.c), and prints more digits.
func shortest(dst []byte, v float64, f *precision) []byte {
	dst = strconv.AppendFloat(dst, v, 'e', -1, f.bits)
	if !halfway(dst, v, f) {
		return dst
	}
	for n := range f.digits {
		dst = strconv.AppendFloat(dst[:0], v, 'e', n, f.bits)
		back, err := strconv.ParseFloat(string(dst), f.bits)
		if err == nil && back == v && !halfway(dst, v, f) {
			break
		}
	}
	return dst
}

// halfway reports whether the number that strconv printed is exactly half way between v and a
// neighbor. With so few digits, only whole numbers above 2^mantissa can be. Below, a number half
// way has a factor of 5 for each decimal place.
func halfway(printed []byte, v float64, f *precision) bool {
	fraction, exponent := math.Frexp(math.Abs(v))
	m := uint64(math.Ldexp(fraction, f.mantissa)) // v is m times 2 to the power of e
	e := exponent - f.mantissa
	if e < 1 || e > 100 {
		return false
	}
	var buf [32]byte
	d := parseDecimal(append(buf[:0], printed...))
	var number, five uint64 = 0, 1
	for _, c := range d.digits {
		number = 10*number + uint64(c-'0')
	}
	// The printed number is number times 10 to the power of zeros.
	zeros := d.exponent + 1 - len(d.digits)
	if zeros < 0 || zeros > 27 {
		return false
	}
	for range zeros {
		five *= 5
	}
	// The printed number is odd times 2 to the power of twos.
	high, low := bits.Mul64(number, five)
	shift := bits.TrailingZeros64(low)
	if shift == 64 || high>>shift != 0 {
		return false
	}
	odd, twos := low>>shift|high<<(64-shift), zeros+shift
	if twos == e-1 {
		return odd == 2*m+1 || odd == 2*m-1
	}
	// Below a power of two the floats are twice as dense.
	return twos == e-2 && m == 1<<(f.mantissa-1) && odd == 4*m-1
}
