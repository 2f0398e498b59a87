package pqtrace

// layout is how a message is written: its name, with the tab that PQtrace writes only if fields
// follow, and the fields.
type layout struct {
	name string
	body func(*line)
}

// layouts are those of pqTraceOutputMessage, by type byte. It does not look at who sends the
// message, except for the five bytes in clientLayouts.
var layouts = [256]layout{
	'1': {"ParseComplete", nothing},
	'2': {"BindComplete", nothing},
	'3': {"CloseComplete", nothing},
	'A': {"NotificationResponse\t", notificationResponse},
	'B': {"Bind\t", bind},
	'C': {"CommandComplete\t", oneString},
	'D': {"DataRow\t", dataRow},
	'E': {"ErrorResponse\t", errorResponse},
	'F': {"FunctionCall\t", functionCall},
	'G': {"CopyInResponse\t", copyResponse},
	'H': {"CopyOutResponse\t", copyResponse},
	'I': {"EmptyQueryResponse", nothing},
	'K': {"BackendKeyData\t", backendKeyData},
	'N': {"NoticeResponse\t", errorResponse},
	'P': {"Parse\t", parse},
	'Q': {"Query\t", oneString},
	'R': {"", authentication},
	'S': {"ParameterStatus\t", twoStrings},
	'T': {"RowDescription\t", rowDescription},
	'V': {"FunctionCallResponse\t", value},
	'W': {"CopyBothResponse\t", copyBothResponse},
	'X': {"Terminate", nothing},
	'Z': {"ReadyForQuery\t", oneByte},
	'c': {"CopyDone", nothing},
	'd': {"CopyData\t", copyData},
	'f': {"CopyFail\t", oneString},
	'n': {"NoData", nothing},
	'p': {"", authenticationResponse},
	's': {"PortalSuspended", nothing},
	't': {"ParameterDescription\t", parameterDescription},
	'v': {"NegotiateProtocolVersion\t", negotiateProtocolVersion},
}

var clientLayouts = [256]layout{
	'C': {"Close\t", target},
	'D': {"Describe\t", target},
	'E': {"Execute\t", execute},
	'H': {"Flush", nothing},
	'S': {"Sync", nothing},
}

// layoutOf returns the layout of a type byte. It has no name if PQtrace knows none.
func layoutOf(code byte, toServer bool) layout {
	if l := clientLayouts[code]; toServer && l.body != nil {
		return l
	}
	return layouts[code]
}

func nothing(*line) {}

func oneByte(l *line) { l.byte1() }

func oneString(l *line) { l.cstring(false) }

func twoStrings(l *line) {
	l.cstring(false)
	l.cstring(false)
}

// int16s is a list of numbers with its count.
func int16s(l *line) {
	for range l.int16() {
		l.int16()
	}
}

// value is data with its length, which is -1 for NULL.
func value(l *line) {
	if n := l.int32(false); n != -1 {
		l.nchar(n, false)
	}
}

func values(l *line) {
	for range l.int16() {
		value(l)
	}
}

func target(l *line) {
	l.byte1()
	l.cstring(false)
}

func bind(l *line) {
	twoStrings(l)
	int16s(l)
	values(l)
	int16s(l)
}

func execute(l *line) {
	l.cstring(false)
	l.int32(false)
}

func parse(l *line) {
	twoStrings(l)
	parameterDescription(l)
}

func functionCall(l *line) {
	l.int32(l.regress)
	int16s(l)
	values(l)
	l.int16()
}

func notificationResponse(l *line) {
	l.int32(l.regress)
	twoStrings(l)
}

func copyData(l *line) { l.rest(l.regress) }

func dataRow(l *line) { values(l) }

func copyResponse(l *line) {
	l.byte1()
	int16s(l)
}

// copyBothResponse follows the length of the message, not the count in it.
func copyBothResponse(l *line) {
	l.byte1()
	for l.at < l.length && !l.stopped {
		l.int16()
	}
}

// errorResponse is also NoticeResponse. Regress mode leaves out where in the server's source the
// error arose.
func errorResponse(l *line) {
	for {
		code := l.byte1()
		if code == 0 {
			return
		}
		l.cstring(l.regress && (code == 'F' || code == 'L' || code == 'R'))
	}
}

func backendKeyData(l *line) {
	l.int32(l.regress)
	l.rest(l.regress)
}

func parameterDescription(l *line) {
	for range l.int16() {
		l.int32(l.regress)
	}
}

func rowDescription(l *line) {
	for range l.int16() {
		l.cstring(false)
		l.int32(l.regress) // table
		l.int16()
		l.int32(l.regress) // type
		l.int16()
		l.int32(false)
		l.int16()
	}
}

func negotiateProtocolVersion(l *line) {
	l.int32(false)
	for n := l.int32(false); n > 0 && !l.stopped; n-- {
		l.cstring(false)
	}
}
