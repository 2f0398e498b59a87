package pgvalue

import (
	"math"
	"strconv"
)

// interval prints an interval: Int64 microseconds, Int32 days, Int32 months (interval_send in
// utils/adt/timestamp.c). Since server 17, the smallest or largest integers in all three mean
// infinity.
func (p *printer) interval() {
	micros, days, months := p.int64(), p.int32(), p.int32()
	if !p.settings.before(17) {
		switch {
		case micros == math.MaxInt64 && days == math.MaxInt32 && months == math.MaxInt32:
			p.string("infinity")
			return
		case micros == math.MinInt64 && days == math.MinInt32 && months == math.MinInt32:
			p.string("-infinity")
			return
		}
	}
	v := span{
		years:   int64(months / 12),
		months:  int64(months % 12),
		days:    int64(days),
		hours:   micros / 3_600_000_000,
		minutes: micros / 60_000_000 % 60,
		seconds: micros / 1_000_000 % 60,
		micros:  micros % 1_000_000,
	}
	switch p.settings.intervalStyle {
	case intervalPostgres:
		p.postgresInterval(&v)
	case intervalVerbose:
		p.verboseInterval(&v)
	case intervalSQL:
		p.sqlInterval(&v)
	case intervalISO:
		p.isoInterval(&v)
	}
}

// span is an interval taken apart. Years and months have one sign, hours to microseconds have one
// sign, and days have their own. The styles are those of EncodeInterval in utils/adt/datetime.c.
type span struct {
	years, months, days, hours, minutes, seconds, micros int64
}

func (v *span) negativeTime() bool {
	return v.hours < 0 || v.minutes < 0 || v.seconds < 0 || v.micros < 0
}

func (v *span) hasTime() bool {
	return v.hours != 0 || v.minutes != 0 || v.seconds != 0 || v.micros != 0
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// clockPart prints mm:ss and the fraction, without signs.
func (p *printer) clockPart(v *span) {
	p.out = appendPadded(p.out, abs(v.minutes), 2)
	p.two(':', int(abs(v.seconds)))
	p.fraction(abs(v.micros))
}

// unit prints " 2 days": a count and its unit, in the plural except for one.
func (p *printer) unit(v int64, name string, one bool) {
	p.int(v)
	p.string(" ")
	p.string(name)
	if !one {
		p.string("s")
	}
}

// postgresInterval prints "1 year -2 mons +3 days 04:05:06.7". There is a plus sign only after a
// negative field.
func (p *printer) postgresInterval(v *span) {
	first, negative := true, false
	part := func(v int64, name string) {
		if v == 0 {
			return
		}
		if !first {
			p.string(" ")
		}
		if negative && v > 0 {
			p.string("+")
		}
		p.unit(v, name, v == 1)
		first, negative = false, v < 0
	}
	part(v.years, "year")
	part(v.months, "mon")
	part(v.days, "day")
	if !first && !v.hasTime() {
		return
	}
	if !first {
		p.string(" ")
	}
	switch {
	case v.negativeTime():
		p.string("-")
	case negative:
		p.string("+")
	}
	p.out = appendPadded(p.out, abs(v.hours), 2)
	p.string(":")
	p.clockPart(v)
}

// verboseInterval prints "@ 1 year 2 mons -3 days 4 hours 5 mins 6.7 secs ago". If the first field
// is negative, all signs are reversed and "ago" is added.
func (p *printer) verboseInterval(v *span) {
	first, ago := true, false
	part := func(v int64, name string) {
		if v == 0 {
			return
		}
		if first {
			ago = v < 0
		}
		if ago {
			v = -v
		}
		p.string(" ")
		p.unit(v, name, v == 1)
		first = false
	}
	p.string("@")
	part(v.years, "year")
	part(v.months, "mon")
	part(v.days, "day")
	part(v.hours, "hour")
	part(v.minutes, "min")
	if v.seconds != 0 || v.micros != 0 {
		negative := v.seconds < 0 || v.micros < 0
		if first {
			ago = negative
		}
		p.string(" ")
		if negative != ago {
			p.string("-")
		}
		p.int(abs(v.seconds))
		p.fraction(abs(v.micros))
		p.string(" sec")
		if abs(v.seconds) != 1 || v.micros != 0 {
			p.string("s")
		}
		first = false
	}
	if first {
		p.string(" 0")
	}
	if ago {
		p.string(" ago")
	}
}

// sqlInterval prints "1-2" for years and months, "3 4:05:06" for days and time. If SQL has no
// literal for the interval, it prints all fields with their signs.
func (p *printer) sqlInterval(v *span) {
	negative := v.years < 0 || v.months < 0 || v.days < 0 || v.negativeTime()
	positive := v.years > 0 || v.months > 0 || v.days > 0 || v.hours > 0 || v.minutes > 0 || v.seconds > 0 || v.micros > 0
	yearMonth := v.years != 0 || v.months != 0
	dayTime := v.days != 0 || v.hasTime()
	if !negative && !positive {
		p.string("0")
		return
	}
	if negative && positive || yearMonth && dayTime {
		p.sign(v.years < 0 || v.months < 0)
		p.yearMonth(v)
		p.string(" ")
		p.sign(v.days < 0)
		p.int(abs(v.days))
		p.string(" ")
		p.sign(v.negativeTime())
		p.int(abs(v.hours))
		p.string(":")
		p.clockPart(v)
		return
	}
	if negative {
		p.string("-")
	}
	if yearMonth {
		p.yearMonth(v)
		return
	}
	if v.days != 0 {
		p.int(abs(v.days))
		p.string(" ")
	}
	p.int(abs(v.hours))
	p.string(":")
	p.clockPart(v)
}

func (p *printer) sign(negative bool) {
	if negative {
		p.string("-")
	} else {
		p.string("+")
	}
}

func (p *printer) yearMonth(v *span) {
	p.int(abs(v.years))
	p.string("-")
	p.int(abs(v.months))
}

// isoInterval prints "P1Y2M3DT4H5M6.7S".
func (p *printer) isoInterval(v *span) {
	start := len(p.out)
	part := func(v int64, unit byte) {
		if v != 0 {
			p.out = append(strconv.AppendInt(p.out, v, 10), unit)
		}
	}
	p.string("P")
	part(v.years, 'Y')
	part(v.months, 'M')
	part(v.days, 'D')
	if v.hasTime() {
		p.string("T")
	}
	part(v.hours, 'H')
	part(v.minutes, 'M')
	if v.seconds != 0 || v.micros != 0 {
		if v.seconds < 0 || v.micros < 0 {
			p.string("-")
		}
		p.int(abs(v.seconds))
		p.fraction(abs(v.micros))
		p.string("S")
	}
	if len(p.out) == start+1 {
		p.string("T0S")
	}
}
