package pgvalue

import (
	"math"
	"time"
)

// Dates count days and times count microseconds, both from 2000-01-01.
const (
	secondsPerDay = 86400
	microsPerDay  = secondsPerDay * 1_000_000
	epochDays     = 10957                     // from 1970-01-01 to 2000-01-01
	epochSeconds  = epochDays * secondsPerDay // the same in seconds
)

// What the server accepts (datatype/timestamp.h): from 4714-11-24 BC, to 5874897 for dates and to
// 294276 for timestamps. The smallest and largest integers mean infinity.
const (
	minDate      = -2451545
	endDate      = 2147483494 + minDate
	minTimestamp = -211813488000000000
	endTimestamp = 9223371331200000000
)

// maxZoneOffset is the maximum offset of a timetz, in seconds (TZDISP_LIMIT in utils/adt/date.c).
const maxZoneOffset = 16 * 3600

// Time returns the time, in UTC, that the server counts in microseconds from 2000-01-01.
func Time(micros int64) time.Time {
	const million = 1_000_000
	return time.Unix(epochSeconds+micros/million, micros%million*1000).UTC()
}

// civil is a day of the Gregorian calendar, which the server uses for all of history. There is a
// year 0, which is 1 BC.
type civil struct {
	year       int64
	month, day int // from 1
	weekday    int // 0 is Sunday
}

// civilFromDays converts days from 2000-01-01, with Howard Hinnant's algorithm, in which years
// begin in March.
func civilFromDays(days int64) civil {
	const daysPerEra = 146097 // 400 years
	weekday := int(((days+6)%7 + 7) % 7)
	days += epochDays + 719468 // from 0000-03-01
	era := days / daysPerEra
	if days%daysPerEra < 0 {
		era--
	}
	day := days - era*daysPerEra
	year := (day - day/1460 + day/36524 - day/146096) / 365
	day -= 365*year + year/4 - year/100
	month := (5*day + 2) / 153
	c := civil{year: year + 400*era, month: int(month) + 3, day: int(day-(153*month+2)/5) + 1, weekday: weekday}
	if c.month > 12 {
		c.month -= 12
		c.year++
	}
	return c
}

// date prints a date: Int32 days (date_send in utils/adt/date.c).
func (p *printer) date() {
	at := p.at
	days := p.int32()
	switch {
	case p.failed():
	case days == math.MaxInt32:
		p.string("infinity")
	case days == math.MinInt32:
		p.string("-infinity")
	case days < minDate || days >= endDate:
		p.failAt(at, "date out of range")
	default:
		p.day(civilFromDays(int64(days)))
	}
}

// day prints a date without a time (EncodeDateOnly in utils/adt/datetime.c).
func (p *printer) day(c civil) {
	switch p.settings.dateStyle {
	case styleISO:
		p.year(c)
		p.two('-', c.month)
		p.two('-', c.day)
	case styleSQL:
		p.dayAndMonth(c, '/')
		p.string("/")
		p.year(c)
	case styleGerman:
		p.germanDay(c)
	case stylePostgres:
		p.dayAndMonth(c, '-')
		p.string("-")
		p.year(c)
	}
	p.era(c)
}

func (p *printer) year(c civil) {
	year := c.year
	if year <= 0 {
		year = 1 - year
	}
	p.out = appendPadded(p.out, year, 4)
}

func (p *printer) era(c civil) {
	if c.year <= 0 {
		p.string(" BC")
	}
}

// two prints a separator and two digits.
func (p *printer) two(separator byte, v int) {
	p.out = append(p.out, separator, byte('0'+v/10), byte('0'+v%10))
}

func (p *printer) dayAndMonth(c civil, separator byte) {
	first, second := c.month, c.day
	if p.settings.dayFirst {
		first, second = second, first
	}
	p.out = appendPadded(p.out, int64(first), 2)
	p.two(separator, second)
}

func (p *printer) germanDay(c civil) {
	p.out = appendPadded(p.out, int64(c.day), 2)
	p.two('.', c.month)
	p.string(".")
	p.year(c)
}

// clock prints the microseconds of a day: hh:mm:ss, and the fraction without trailing zeros.
func (p *printer) clock(micros int64) {
	seconds := micros / 1_000_000
	p.out = appendPadded(p.out, seconds/3600, 2)
	p.two(':', int(seconds/60%60))
	p.two(':', int(seconds%60))
	p.fraction(micros % 1_000_000)
}

// fraction prints the microseconds of a second, or nothing for 0.
func (p *printer) fraction(micros int64) {
	if micros == 0 {
		return
	}
	width := 6
	for ; micros%10 == 0; micros /= 10 {
		width--
	}
	p.string(".")
	p.out = appendPadded(p.out, micros, width)
}

// offset prints seconds east of Greenwich: +hh, with minutes and seconds if there are any
// (EncodeTimezone in utils/adt/datetime.c).
func (p *printer) offset(seconds int) {
	sign := byte('+')
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	p.two(sign, seconds/3600)
	if seconds%3600 != 0 {
		p.two(':', seconds/60%60)
	}
	if seconds%60 != 0 {
		p.two(':', seconds%60)
	}
}

// time prints a time: Int64 microseconds of the day, up to and including 24:00:00.
func (p *printer) time() {
	at := p.at
	micros := p.int64()
	if micros < 0 || micros > microsPerDay {
		p.failAt(at, "time out of range")
		return
	}
	p.clock(micros)
}

// timetz prints a timetz: a time and Int32 seconds west of Greenwich.
func (p *printer) timetz() {
	p.time()
	at := p.at
	west := int(p.int32())
	if west <= -maxZoneOffset || west >= maxZoneOffset {
		p.failAt(at, "time zone out of range")
		return
	}
	p.offset(-west)
}

// timestamp prints a timestamp: Int64 microseconds (timestamp_send in utils/adt/timestamp.c).
func (p *printer) timestamp() {
	if micros, ok := p.moment(); ok {
		p.dateTime(micros, "", 0)
	}
}

// timestamptz prints a timestamptz: Int64 microseconds in UTC. It is printed in the session's time
// zone.
func (p *printer) timestamptz() {
	micros, ok := p.moment()
	if !ok {
		return
	}
	name, offset := p.settings.zone.at(floorDiv(micros, 1_000_000) + epochSeconds)
	p.dateTime(micros, name, offset)
}

// moment reads a timestamp. If it is infinite or out of range, moment deals with it and returns
// false.
func (p *printer) moment() (micros int64, ok bool) {
	at := p.at
	micros = p.int64()
	switch {
	case p.failed():
	case micros == math.MaxInt64:
		p.string("infinity")
	case micros == math.MinInt64:
		p.string("-infinity")
	case micros < minTimestamp || micros >= endTimestamp:
		p.failAt(at, "timestamp out of range")
	default:
		return micros, true
	}
	return 0, false
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// maxZoneName is the maximum length of a zone's name; longer names are cut off (MAXTZLEN in
// utils/datetime.h).
const maxZoneName = 10

// dateTime prints a timestamp in the session's style (EncodeDateTime in utils/adt/datetime.c). zone
// is the name of its time zone, which is offset seconds east of Greenwich, or empty for none.
func (p *printer) dateTime(micros int64, zone string, offset int) {
	days := floorDiv(micros, microsPerDay)
	ofDay := micros - days*microsPerDay + int64(offset)*1_000_000
	more := floorDiv(ofDay, microsPerDay)
	days, ofDay = days+more, ofDay-more*microsPerDay
	c := civilFromDays(days)

	switch p.settings.dateStyle {
	case styleISO:
		p.year(c)
		p.two('-', c.month)
		p.two('-', c.day)
		p.string(" ")
		p.clock(ofDay)
		if zone != "" {
			p.offset(offset)
		}
	case styleSQL:
		p.dayAndMonth(c, '/')
		p.string("/")
		p.year(c)
		p.string(" ")
		p.clock(ofDay)
		p.zoneName(zone)
	case styleGerman:
		p.germanDay(c)
		p.string(" ")
		p.clock(ofDay)
		p.zoneName(zone)
	case stylePostgres:
		p.postgresDay(c)
		p.string(" ")
		p.clock(ofDay)
		p.string(" ")
		p.year(c)
		p.zoneName(zone)
	}
	p.era(c)
}

func (p *printer) zoneName(name string) {
	if name == "" {
		return
	}
	p.string(" ")
	p.string(name[:min(len(name), maxZoneName)])
}

// postgresDay prints "Wed Dec 17", or "Wed 17 Dec" if the day comes first.
func (p *printer) postgresDay(c civil) {
	const weekdays, months = "SunMonTueWedThuFriSat", "JanFebMarAprMayJunJulAugSepOctNovDec"
	p.string(weekdays[3*c.weekday:][:3])
	month := months[3*(c.month-1):][:3]
	if p.settings.dayFirst {
		p.two(' ', c.day)
		p.string(" ")
		p.string(month)
		return
	}
	p.string(" ")
	p.string(month)
	p.two(' ', c.day)
}
