package pgvalue

//go:generate go run ./gen

import "strconv"

// send is a binary form, named after the server's function that writes it.
type send uint8

// builtin is a type that has the same OID on every server.
type builtin struct {
	oid  uint32
	name string
	send send
	elem uint32 // an array's element, a range's subtype or a multirange's range
}

// lookup returns nil if oid is not a built-in type.
func lookup(oid uint32) *builtin {
	if oid >= uint32(len(places)) || places[oid] == 0 {
		return nil
	}
	return &builtins[places[oid]-1]
}

// places maps OIDs to positions in builtins, counted from 1. Each value of a row needs its type, so
// this must be fast.
var places = func() []uint16 {
	list := make([]uint16, builtins[len(builtins)-1].oid+1)
	for i, b := range builtins {
		list[b.oid] = uint16(i + 1)
	}
	return list
}()

// TypeName returns the name of a built-in type as in pg_type.typname ("timestamptz", "int4"). An
// array has its element's name with [] ("int4[]"). The name is empty for types from OID 10000 on,
// which differ between servers or belong to the user, and for OIDs that are not types.
func TypeName(oid uint32) string {
	if b := lookup(oid); b != nil {
		return b.name
	}
	return ""
}

// IsText reports whether the binary format of a built-in type is its text.
func IsText(oid uint32) bool {
	b := lookup(oid)
	if b == nil {
		return false
	}
	switch b.send {
	case textSend, varcharSend, bpcharSend, nameSend, unknownSend, cstringSend, charSend, jsonSend, xmlSend:
		return true
	}
	return false
}

func typeLabel(oid uint32) string {
	if name := TypeName(oid); name != "" {
		return name
	}
	return "oid " + strconv.FormatUint(uint64(oid), 10)
}

// object prints a value that only a catalog could name: its OID, as the server prints it when it
// finds no name. For 0 the server prints zero (regprocout and its kin in utils/adt/regproc.c).
func (p *printer) object(zero string) {
	oid := p.uint32()
	if oid == 0 {
		p.string(zero)
		return
	}
	p.uint(uint64(oid))
}
