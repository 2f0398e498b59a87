package session

import (
	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// jsonRows is what COPY TO with FORMAT json sends, from server 19 on: all columns of a row in one
// value, which has their names in itself.
func jsonRows(sql *event.Context, relation string) *payloads {
	const jsonType = 114
	return &payloads{holds: wire.CopyJSON, context: &event.Context{
		SQL: sql.SQL, Shortened: sql.Shortened, Settings: sql.Settings, Relation: relation,
		Columns: []event.Column{{Name: "json", TypeOID: jsonType, TypeModifier: -1}},
	}}
}
