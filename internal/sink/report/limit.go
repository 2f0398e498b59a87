package report

import (
	"fmt"
	"strconv"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/stats"
)

// Limit is how much a text lists: the largest groups up to a share of the whole, and up to a
// number. 0 means no limit.
type Limit struct {
	Percent float64
	Count   int
}

// ParseLimit reads a limit such as "95%:20", "95%" or "20".
func ParseLimit(text string) (l Limit, err error) {
	wrong := fmt.Errorf("%q is not a limit: give a share and a number, such as 95%%:20, or either alone", text)
	for i, part := range strings.Split(text, ":") {
		digits, isShare := strings.CutSuffix(part, "%")
		switch {
		case isShare && i == 0:
			if l.Percent, err = strconv.ParseFloat(digits, 64); err != nil || !(l.Percent > 0 && l.Percent <= 100) {
				return Limit{}, wrong
			}
		case i == 0 && !strings.Contains(text, ":"), i == 1 && l.Percent > 0:
			if l.Count, err = strconv.Atoi(part); err != nil || l.Count < 1 {
				return Limit{}, wrong
			}
		default:
			return Limit{}, wrong
		}
	}
	return l, nil
}

// listed is a group that a text lists, and the reason.
type listed struct {
	*stats.Group
	rank int
	why  string
	// share is its share of the time, as in "61.2 %".
	share string
}

// slowSeconds is how long a call must take for its group to be listed, whatever its share is.
const slowSeconds = 1

// maxMore is how many groups are listed beyond the limit because something about them is unusual.
const maxMore = 5

// list selects the groups that are listed.
func (l Limit) list(s *stats.Stats, o Options) (list []listed, rest []*stats.Group) {
	order := o.Stats.Order
	var all, sum int64
	for _, g := range s.Groups() {
		all += order.Measure(&g.Sums)
	}
	all += order.Measure(&s.Misc.Sums)
	more := 0
	for i, g := range s.Groups() {
		within := (l.Percent == 0 || !order.Adds() || float64(sum) < l.Percent/100*float64(all)) && (l.Count == 0 || i < l.Count)
		sum += order.Measure(&g.Sums)
		why := ""
		switch {
		case g.Sums.Calls+g.Sums.Prepares == 0:
		case within && order.Adds() && l.Percent > 0:
			why = fmt.Sprintf("it is among the first %s %% by %s", trimmed(l.Percent), order)
		case within && l.Count > 0:
			why = fmt.Sprintf("it is among the first %d by %s", l.Count, order)
		case within:
			why = "everything is"
		case more < maxMore && g.Sums.Time.Max.Seconds() >= slowSeconds:
			why = fmt.Sprintf("a call took %s, though it is beyond the limit", duration(g.Sums.Time.Max))
			more++
		case more < maxMore && g.Sums.Failed > 0:
			why = fmt.Sprintf("%s failed, though it is beyond the limit", event.Count(g.Sums.Failed, "exchange"))
			more++
		}
		if why == "" {
			rest = append(rest, g)
			continue
		}
		list = append(list, listed{Group: g, rank: i + 1, why: why})
	}
	return list, rest
}

func trimmed(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
