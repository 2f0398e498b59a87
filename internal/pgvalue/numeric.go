package pgvalue

import (
	"bytes"
	"strconv"
)

// appendPadded prints v, which is not negative, with at least width digits.
func appendPadded(dst []byte, v int64, width int) []byte {
	for limit := int64(10); width > 1; width-- {
		if v < limit {
			dst = append(dst, '0')
		}
		limit *= 10
	}
	return strconv.AppendInt(dst, v, 10)
}

// The signs of numeric (utils/adt/numeric.c).
const (
	numericPositive = 0x0000
	numericNegative = 0x4000
	numericNaN      = 0xc000
	numericPlusInf  = 0xd000
	numericMinusInf = 0xf000
)

// numericMaxScale is the maximum number of digits after the point (NUMERIC_DSCALE_MASK).
const numericMaxScale = 0x3fff

// numeric prints a number in base 10,000: Int16 count of digits, Int16 weight of the first, Int16
// sign, Int16 count of decimal digits to print after the point, the digits (numeric_send in
// utils/adt/numeric.c).
func (p *printer) numeric() {
	count := int(p.uint16())
	weight := int(p.int16())
	signAt := p.at
	sign := p.uint16()
	scale := int(p.uint16())
	digits := p.numericDigits(count)
	if p.failed() {
		return
	}
	if scale > numericMaxScale {
		p.failAt(signAt+2, "scale above 16383")
		return
	}
	switch sign {
	case numericNaN:
		p.string("NaN")
	case numericPlusInf:
		p.string("Infinity")
	case numericMinusInf:
		p.string("-Infinity")
	case numericPositive:
		p.out = appendNumeric(p.out, digits, weight, scale)
	case numericNegative:
		start := len(p.out)
		p.out = append(p.out, '-')
		p.out = appendNumeric(p.out, digits, weight, scale)
		if !bytes.ContainsAny(p.out[start:], "123456789") {
			p.out = append(p.out[:start], p.out[start+1:]...) // zero has no sign
		}
	default:
		p.failAt(signAt, "unknown sign of numeric")
	}
}

// numericDigits returns count digits of base 10,000, two bytes each.
func (p *printer) numericDigits(count int) []byte {
	at := p.at
	b := p.take(2 * count)
	for i := 0; i < len(b); i += 2 {
		if numericDigit(b, i/2) > 9999 {
			p.failAt(at+i, "numeric digit above 9999")
			return nil
		}
	}
	return b
}

// numericDigit returns digit i in base 10,000, or 0 if there is none.
func numericDigit(digits []byte, i int) int64 {
	if i < 0 || 2*i >= len(digits) {
		return 0
	}
	return int64(digits[2*i])<<8 | int64(digits[2*i+1])
}

// appendNumeric prints digits with scale decimal places. The first digit counts 10000^weight.
// Further decimal places are cut off.
func appendNumeric(dst []byte, digits []byte, weight, scale int) []byte {
	for len(digits) > 0 && numericDigit(digits, 0) == 0 {
		digits, weight = digits[2:], weight-1
	}
	if weight < 0 || len(digits) == 0 {
		dst = append(dst, '0')
	} else {
		dst = strconv.AppendInt(dst, numericDigit(digits, 0), 10)
		for i := 1; i <= weight; i++ {
			dst = appendPadded(dst, numericDigit(digits, i), 4)
		}
	}
	if scale == 0 {
		return dst
	}
	dst = append(dst, '.')
	end := len(dst) + scale
	for i := weight + 1; len(dst) < end; i++ {
		dst = appendPadded(dst, numericDigit(digits, i), 4)
	}
	return dst[:end]
}

// money prints an amount of money: Int64 cents, as with lc_monetary = C: -$1,234.56 (cash_out in
// utils/adt/cash.c).
func (p *printer) money() {
	v := p.int64()
	cents := uint64(v)
	if v < 0 {
		p.string("-")
		cents = -cents
	}
	p.string("$")
	var buf [20]byte
	whole := strconv.AppendUint(buf[:0], cents/100, 10)
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			p.string(",")
		}
		p.out = append(p.out, c)
	}
	p.string(".")
	p.out = appendPadded(p.out, int64(cents%100), 2)
}
