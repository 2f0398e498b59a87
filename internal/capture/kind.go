package capture

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// kind is the kind of a packet that is not TCP.
type kind struct {
	by     kindBy
	number uint16
}

// kindBy is where the number of a kind comes from.
type kindBy uint8

const (
	etherKind kindBy = iota + 1 // an EtherType
	ipKind                      // an IP protocol
	udpKind                     // the destination port of UDP
)

// kindNames are the kinds that have a name.
var kindNames = map[kind]string{
	{etherKind, etherARP}: "ARP", {etherKind, etherLLDP}: "LLDP", {ipKind, protocolICMP}: "ICMP", {ipKind, protocolICMPv6}: "ICMPv6",
	{ipKind, protocolESP}: "ESP", {ipKind, protocolGRE}: "GRE of another version", {ipKind, protocolSCTP}: "SCTP",
}

func (k kind) String() string {
	name := kindNames[k]
	switch {
	case name != "":
		return name
	case k.by == udpKind:
		return fmt.Sprintf("UDP to port %d", k.number)
	case k.by == ipKind:
		return fmt.Sprintf("IP protocol %d", k.number)
	}
	return fmt.Sprintf("EtherType 0x%04x", k.number)
}

// kinds counts packets.
type kinds map[kind]int64

// Limits on kinds: how many are distinguished, and how many are named.
const (
	maxKinds   = 1 << 10
	namedKinds = 3
)

// add counts a packet. When there are too many kinds, further ones are counted together.
func (k kinds) add(one kind) {
	if _, known := k[one]; !known && len(k) >= maxKinds {
		one = kind{}
	}
	k[one]++
}

// String lists the most frequent kinds, and returns "" if there are none.
func (k kinds) String() string {
	all := slices.SortedFunc(maps.Keys(k), func(a, b kind) int {
		return cmp.Or(cmp.Compare(k[b], k[a]), cmp.Compare(a.by, b.by), cmp.Compare(a.number, b.number))
	})
	var words []string
	rest := int64(0)
	for i, one := range all {
		if i < namedKinds && one != (kind{}) {
			words = append(words, fmt.Sprintf("%d of %v", k[one], one))
		} else {
			rest += k[one]
		}
	}
	if rest > 0 {
		words = append(words, fmt.Sprintf("%d of others", rest))
	}
	return strings.Join(words, ", ")
}
