package pgvalue

import "fmt"

// Format is a value's format code, as in RowDescription and Bind (PostgreSQL documentation,
// "Message Formats").
type Format int16

// The formats of the protocol.
const (
	Text   Format = 0
	Binary Format = 1
)

// MaxDepth is how deep values may be nested: records and arrays in each other.
const MaxDepth = 64

// MaxText is the maximum length in bytes of the text of a value of n bytes. A numeric of 10 bytes
// may be printed as 147,457 digits, and a quote in a nested record doubles with each level.
func MaxText(n int) int { return 1<<20 + 64*n }

// MalformedError says that bytes do not fit their type.
type MalformedError struct {
	OID    uint32
	Offset int    // of the first byte that makes no sense, 0 to the value's length
	Reason string // "4 bytes missing", "trailing bytes", …
}

func (e *MalformedError) Error() string {
	return fmt.Sprintf("read %s value: offset %d: %s", typeLabel(e.OID), e.Offset, e.Reason)
}

// AppendText appends the text of a value to dst. A value in text format is text already, and is
// only converted to UTF-8. The error is nil or a *MalformedError, in which case dst is returned
// unchanged.
//
// NULL has no bytes: the caller prints it. A nil s means the defaults.
func AppendText(dst []byte, oid uint32, format Format, value []byte, s *Settings) ([]byte, error) {
	if s == nil {
		s = defaults
	}
	switch format {
	case Text:
		return s.AppendUTF8(dst, value), nil
	case Binary:
	default:
		return dst, &MalformedError{OID: oid, Reason: "unknown format code"}
	}
	p := printer{out: dst, in: value, end: len(value), settings: s, limit: len(dst) + MaxText(len(value))}
	p.value(oid)
	if p.reason != "" {
		return dst, &MalformedError{OID: oid, Offset: p.at, Reason: p.reason}
	}
	return p.out, nil
}

// printer reads a value and appends its text. It walks over the value once. Nested values are
// windows of the same bytes, so every offset counts from the value's first byte. Once reason is set
// nothing more is read, and AppendText drops what was printed, so no function needs to return an
// error.
type printer struct {
	out      []byte
	in       []byte
	at, end  int // the next byte, and the end of the (nested) value
	depth    int
	limit    int // of len(out)
	reason   string
	settings *Settings
}

// value prints the whole window as a value of type oid.
func (p *printer) value(oid uint32) {
	b := lookup(oid)
	if b == nil {
		p.unknown(oid)
		return
	}
	p.print(b)
	if p.at != p.end {
		p.fail("trailing bytes")
	}
	p.checkLength()
}

// print is the registry of binary forms: one send function of the server, one function here.
func (p *printer) print(b *builtin) {
	switch b.send {
	case boolSend:
		p.bool()
	case int2Send:
		p.int(int64(p.int16()))
	case int4Send:
		p.int(int64(p.int32()))
	case int8Send:
		p.int(p.int64())
	case oidSend, xidSend, cidSend:
		p.uint(uint64(p.uint32()))
	case xid8Send, oid8Send:
		p.uint(p.uint64())
	case float4Send:
		p.float4()
	case float8Send:
		p.float8()
	case numericSend:
		p.numeric()
	case cashSend:
		p.money()

	case textSend, varcharSend, bpcharSend, nameSend, unknownSend, cstringSend, jsonSend, pgNodeTreeSend:
		p.text(p.rest())
	case jsonbSend, jsonpathSend:
		p.versioned()
	case xmlSend:
		p.xml()
	case charSend:
		p.char()
	case byteaSend, pgMcvListSend:
		p.hex(p.rest())
	case bitSend, varbitSend:
		p.bits()
	case uuidSend:
		p.uuid()
	case voidSend:

	case dateSend:
		p.date()
	case timeSend:
		p.time()
	case timetzSend:
		p.timetz()
	case timestampSend:
		p.timestamp()
	case timestamptzSend:
		p.timestamptz()
	case intervalSend:
		p.interval()

	case inetSend:
		p.inet(false)
	case cidrSend:
		p.inet(true)
	case macaddrSend:
		p.hardwareAddress(6)
	case macaddr8Send:
		p.hardwareAddress(8)

	case pointSend:
		p.point()
	case lineSend:
		p.line()
	case lsegSend:
		p.segment()
	case boxSend:
		p.box()
	case pathSend:
		p.path()
	case polySend:
		p.polygon()
	case circleSend:
		p.circle()

	case arraySend, anyarraySend, anycompatiblearraySend:
		p.array()
	case int2vectorSend, oidvectorSend:
		p.vector()
	case recordSend:
		p.record()
	case rangeSend:
		p.rangeOf(b.elem)
	case multirangeSend:
		p.multirange(b.elem)

	case tsvectorSend:
		p.tsvector()
	case tsquerySend:
		p.tsquery()

	case regprocSend, regprocedureSend, regclassSend, regtypeSend, regroleSend,
		regnamespaceSend, regconfigSend, regdictionarySend, regcollationSend, regdatabaseSend:
		p.object("-")
	case regoperSend, regoperatorSend:
		p.object("0")
	case tidSend:
		p.tid()
	case pgLsnSend:
		p.lsn()
	case pgSnapshotSend, txidSnapshotSend:
		p.snapshot()
	case pgNdistinctSend:
		p.ndistinct()
	case pgDependenciesSend:
		p.dependencies()

	case noSend, pgDdlCommandSend, brinBloomSummarySend, brinMinmaxMultiSummarySend:
		// No server sends them, so there is no text to compare with.
		p.unknown(b.oid)
	}
}
