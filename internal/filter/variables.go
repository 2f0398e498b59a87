package filter

import "pgpi/internal/event"

// variable is a name that an expression may use, and the source of its value: a text, a number or a
// list.
type variable[Q any] struct {
	name   string
	text   func(*Q) string
	number func(*Q) int
	list   func(*Q) []string
	// unknown reports whether the value will only be known later. It is nil if the value is known
	// at once.
	unknown func(*Q) bool
}

// vocabulary is what an expression can ask about a message, or about a sentence of pgpi, and about
// its exchange and connection. What does not apply is empty or 0.
var vocabulary = []variable[question]{
	{name: "type", text: (*question).kind},                                           // the message's name in the documentation; for a sentence its key
	{name: "from", text: (*question).from},                                           // client, server or script
	{name: "conn", number: (*question).conn},                                         // the connection's tag
	{name: "bytes", number: (*question).size},                                        // of the message on the wire
	{name: "tx", text: (*question).transaction},                                      // idle, active or failed, by the last ReadyForQuery
	{name: "sql", text: (*question).sql},                                             // of the message, or of the statement of its exchange
	{name: "shape", text: (*question).shape},                                         // its identifier, as reports have it
	{name: "finding", text: (*question).finding},                                     // the rule of a finding, "" for anything else
	{name: "params", list: (*question).params},                                       // of the exchange's Bind, as text; NULL is "NULL"
	{name: "columns", list: (*question).columns},                                     // names of the exchange's result
	{name: "user", text: (*question).user, unknown: (*question).awaitsLogin},         // of the StartupMessage
	{name: "database", text: (*question).database, unknown: (*question).awaitsLogin}, // likewise; the user's name if it names none
	{name: "app", text: (*question).application, unknown: (*question).awaitsLogin},   // application_name, as last reported
	{name: "sqlstate", text: (*question).sqlstate, unknown: (*question).awaitsError}, // of the exchange's error, "" for none
	{name: "tag", text: (*question).commandTag, unknown: (*question).awaitsEnd},      // of the exchange's CommandComplete
	{name: "outcome", text: (*question).outcome, unknown: (*question).awaitsSum},     // done, failed, rolled back … of the exchange
	{name: "duration", number: (*question).duration, unknown: (*question).awaitsSum}, // of the exchange, to compare with ms(…)
	{name: "server_time", number: (*question).serverTime, unknown: (*question).awaitsSum},
	{name: "network_time", number: (*question).networkTime, unknown: (*question).awaitsSum}, // of the server_time, as far as it is known
	{name: "round_trips", number: (*question).roundTrips, unknown: (*question).awaitsSum},   // that the client has waited for
	{name: "rows", number: (*question).rows, unknown: (*question).awaitsSum},                // of the exchange, or of one of its statements
	{name: "sent", number: (*question).sent, unknown: (*question).awaitsSum},                // bytes of the exchange's messages
	{name: "received", number: (*question).received, unknown: (*question).awaitsSum},        // likewise
}

// connectionVocabulary is what can be asked about a connection when it begins.
var connectionVocabulary = []variable[event.Identity]{
	{name: "user", text: func(i *event.Identity) string { return i.User }},         // of the StartupMessage
	{name: "database", text: func(i *event.Identity) string { return i.Database }}, // likewise; the user's name if it names none
	{name: "app", text: func(i *event.Identity) string { return i.Startup }},       // likewise, its application_name
	{name: "client", text: func(i *event.Identity) string { return i.Address }},    // without its port; at a Unix socket the path
}

// zeroValues returns the variables of a vocabulary with values that are empty or 0.
func zeroValues[Q any](vocabulary []variable[Q]) map[string]any {
	values := make(map[string]any, len(vocabulary))
	for i := range vocabulary {
		switch v := &vocabulary[i]; {
		case v.text != nil:
			values[v.name] = ""
		case v.number != nil:
			values[v.name] = 0
		default:
			values[v.name] = []string(nil)
		}
	}
	return values
}
