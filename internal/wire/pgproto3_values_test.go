package wire_test

import (
	"fmt"
	"math"
	"strconv"

	"github.com/jackc/pgx/v5/pgproto3"

	"pgpi/internal/wire"
)

// oracleValues has the values of a pgproto3 message under the names of the grammar.
// It panics at a message that it doesn't know.
func oracleValues(m message) values {
	if v, ok := startupValues(m); ok {
		return v
	}
	if v, ok := clientValues(m); ok {
		return v
	}
	if v, ok := serverValues(m); ok {
		return v
	}
	panic(fmt.Sprintf("no values of %T", m))
}

func startupValues(m message) (values, bool) {
	var v values
	switch m := m.(type) {
	case *pgproto3.StartupMessage:
		v.number(wire.ProtocolVersion, int64(m.ProtocolVersion))
		for key, value := range m.Parameters {
			v.text(wire.Key, key)
			v.text(wire.KeyValue, value)
		}
	case *pgproto3.CancelRequest:
		v.number(wire.ProcessID, int64(m.ProcessID))
		v.text(wire.SecretKey, string(m.SecretKey))
	case *pgproto3.AuthenticationMD5Password:
		v.text(wire.Salt, string(m.Salt[:]))
	case *pgproto3.AuthenticationGSSContinue:
		v.text(wire.GSSToken, string(m.Data))
	case *pgproto3.AuthenticationSASL:
		for _, mechanism := range m.AuthMechanisms {
			v.text(wire.Mechanisms, mechanism)
		}
	case *pgproto3.AuthenticationSASLContinue:
		v.text(wire.SASLData, string(m.Data))
	case *pgproto3.AuthenticationSASLFinal:
		v.text(wire.SASLData, string(m.Data))
	case *pgproto3.PasswordMessage:
		v.text(wire.Password, m.Password)
	case *pgproto3.SASLInitialResponse:
		v.text(wire.SelectedMechanism, m.AuthMechanism)
		v.text(wire.SASLData, string(m.Data))
	case *pgproto3.SASLResponse:
		v.text(wire.SASLData, string(m.Data))
	case *pgproto3.GSSResponse:
		v.text(wire.GSSToken, string(m.Data))
	case *pgproto3.NegotiateProtocolVersion:
		v.number(wire.ProtocolVersion, int64(m.NewestMinorProtocol))
		for _, option := range m.UnrecognizedOptions {
			v.text(wire.Option, option)
		}
	case *pgproto3.BackendKeyData:
		v.number(wire.ProcessID, int64(m.ProcessID))
		v.text(wire.SecretKey, string(m.SecretKey))
	case *pgproto3.SSLRequest, *pgproto3.GSSEncRequest, *pgproto3.AuthenticationOk,
		*pgproto3.AuthenticationCleartextPassword, *pgproto3.AuthenticationGSS:
	default:
		return nil, false
	}
	return v, true
}

func clientValues(m message) (values, bool) {
	var v values
	switch m := m.(type) {
	case *pgproto3.Bind:
		v.text(wire.Portal, m.DestinationPortal)
		v.text(wire.Statement, m.PreparedStatement)
		for _, format := range m.ParameterFormatCodes {
			v.number(wire.Format, int64(format))
		}
		for _, parameter := range m.Parameters {
			v.nullable(wire.ParameterValue, parameter)
		}
		for _, format := range m.ResultFormatCodes {
			v.number(wire.ResultFormat, int64(format))
		}
	case *pgproto3.Close:
		v.target(m.ObjectType, m.Name)
	case *pgproto3.Describe:
		v.target(m.ObjectType, m.Name)
	case *pgproto3.CopyFail:
		v.text(wire.FailReason, m.Message)
	case *pgproto3.Execute:
		v.text(wire.Portal, m.Portal)
		v.number(wire.RowLimit, int64(int32(m.MaxRows)))
	case *pgproto3.FunctionCall:
		v.number(wire.FunctionOID, int64(m.Function))
		for _, format := range m.ArgFormatCodes {
			v.number(wire.Format, int64(format))
		}
		for _, argument := range m.Arguments {
			v.nullable(wire.ArgumentValue, argument)
		}
		v.number(wire.ResultFormat, int64(m.ResultFormatCode))
	case *pgproto3.Parse:
		v.text(wire.Statement, m.Name)
		v.text(wire.SQL, m.Query)
		for _, oid := range m.ParameterOIDs {
			v.number(wire.ParameterType, int64(oid))
		}
	case *pgproto3.Query:
		v.text(wire.SQL, m.String)
	case *pgproto3.Flush, *pgproto3.Sync, *pgproto3.Terminate:
	default:
		return nil, false
	}
	return v, true
}

func (v *values) target(kind byte, name string) {
	v.text(wire.Target, string(kind))
	if kind == 'P' {
		v.text(wire.Portal, name)
	} else {
		v.text(wire.Statement, name)
	}
}

func serverValues(m message) (values, bool) {
	var v values
	switch m := m.(type) {
	case *pgproto3.CommandComplete:
		v.text(wire.CommandTag, string(m.CommandTag))
	case *pgproto3.CopyInResponse:
		v.copied(m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.CopyOutResponse:
		v.copied(m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.CopyBothResponse:
		v.copied(m.OverallFormat, m.ColumnFormatCodes)
	case *pgproto3.CopyData:
		v.text(wire.Data, string(m.Data))
	case *pgproto3.DataRow:
		for _, value := range m.Values {
			v.nullable(wire.ColumnValue, value)
		}
	case *pgproto3.ErrorResponse:
		v.errorFields(m)
	case *pgproto3.NoticeResponse:
		v.errorFields((*pgproto3.ErrorResponse)(m))
	case *pgproto3.FunctionCallResponse:
		v.nullable(wire.ResultValue, m.Result)
	case *pgproto3.NotificationResponse:
		v.number(wire.ProcessID, int64(m.PID))
		v.text(wire.Channel, m.Channel)
		v.text(wire.NotifyPayload, m.Payload)
	case *pgproto3.ParameterDescription:
		for _, oid := range m.ParameterOIDs {
			v.number(wire.ParameterType, int64(oid))
		}
	case *pgproto3.ParameterStatus:
		v.text(wire.Key, m.Name)
		v.text(wire.KeyValue, m.Value)
	case *pgproto3.ReadyForQuery:
		v.text(wire.TransactionStatus, string(m.TxStatus))
	case *pgproto3.RowDescription:
		for _, column := range m.Fields {
			v.column(column)
		}
	case *pgproto3.BindComplete, *pgproto3.CloseComplete, *pgproto3.CopyDone, *pgproto3.EmptyQueryResponse,
		*pgproto3.NoData, *pgproto3.ParseComplete, *pgproto3.PortalSuspended:
	default:
		return nil, false
	}
	return v, true
}

func (v *values) copied(format byte, columns []uint16) {
	v.number(wire.CopyFormat, int64(format))
	for _, column := range columns {
		v.number(wire.ColumnFormat, int64(column))
	}
}

func (v *values) column(c pgproto3.FieldDescription) {
	v.text(wire.ColumnName, string(c.Name))
	v.number(wire.TableOID, int64(c.TableOID))
	v.number(wire.AttributeNumber, int64(int16(c.TableAttributeNumber)))
	v.number(wire.TypeOID, int64(c.DataTypeOID))
	v.number(wire.TypeLength, int64(c.DataTypeSize))
	v.number(wire.TypeModifier, int64(c.TypeModifier))
	v.number(wire.Format, int64(c.Format))
}

func (v *values) errorFields(m *pgproto3.ErrorResponse) {
	number := func(n int32) string { return strconv.Itoa(int(n)) }
	for code, text := range map[byte]string{
		'S': m.Severity, 'V': m.SeverityUnlocalized, 'C': m.Code, 'M': m.Message, 'D': m.Detail, 'H': m.Hint,
		'P': number(m.Position), 'p': number(m.InternalPosition), 'q': m.InternalQuery, 'W': m.Where,
		's': m.SchemaName, 't': m.TableName, 'c': m.ColumnName, 'd': m.DataTypeName, 'n': m.ConstraintName,
		'F': m.File, 'L': number(m.Line), 'R': m.Routine,
	} {
		v.text(wire.ErrorCode, string(code))
		v.text(wire.ErrorValue, text)
	}
	for code, text := range m.UnknownFields {
		v.text(wire.ErrorCode, string(code))
		v.text(wire.ErrorValue, text)
	}
}

// oracleMessages are filled with values at the ends of their ranges.
var oracleMessages = []struct {
	typ     wire.Type
	message message
}{
	{wire.SSLRequest, &pgproto3.SSLRequest{}},
	{wire.GSSENCRequest, &pgproto3.GSSEncRequest{}},
	{wire.CancelRequest, &pgproto3.CancelRequest{ProcessID: math.MaxUint32, SecretKey: make([]byte, 256)}},
	{wire.StartupMessage, &pgproto3.StartupMessage{
		ProtocolVersion: pgproto3.ProtocolVersion32,
		Parameters:      map[string]string{"user": "jürgen", "database": "", "_pq_.x": "1"},
	}},
	{wire.AuthenticationOk, &pgproto3.AuthenticationOk{}},
	{wire.AuthenticationCleartextPassword, &pgproto3.AuthenticationCleartextPassword{}},
	{wire.AuthenticationMD5Password, &pgproto3.AuthenticationMD5Password{Salt: [4]byte{0, 1, 0, 255}}},
	{wire.AuthenticationGSS, &pgproto3.AuthenticationGSS{}},
	{wire.AuthenticationGSSContinue, &pgproto3.AuthenticationGSSContinue{Data: []byte{0, 1}}},
	{wire.AuthenticationSASL, &pgproto3.AuthenticationSASL{AuthMechanisms: []string{"SCRAM-SHA-256", "OAUTHBEARER"}}},
	{wire.AuthenticationSASLContinue, &pgproto3.AuthenticationSASLContinue{Data: []byte("r=a")}},
	{wire.AuthenticationSASLFinal, &pgproto3.AuthenticationSASLFinal{Data: []byte("v=a")}},
	{wire.PasswordMessage, &pgproto3.PasswordMessage{Password: "friend"}},
	{wire.SASLInitialResponse, &pgproto3.SASLInitialResponse{AuthMechanism: "SCRAM-SHA-256", Data: []byte("n,,")}},
	{wire.SASLResponse, &pgproto3.SASLResponse{Data: []byte("c=biws")}},
	{wire.GSSResponse, &pgproto3.GSSResponse{Data: []byte{0}}},
	{wire.NegotiateProtocolVersion, &pgproto3.NegotiateProtocolVersion{
		NewestMinorProtocol: 196610, UnrecognizedOptions: []string{"_pq_.a", "_pq_.b"},
	}},
	{wire.BackendKeyData, &pgproto3.BackendKeyData{ProcessID: math.MaxUint32, SecretKey: make([]byte, 256)}},
	{wire.Bind, &pgproto3.Bind{
		DestinationPortal: "p", PreparedStatement: "s", ParameterFormatCodes: []int16{1, 0},
		Parameters: [][]byte{nil, {}, []byte("\x00x")}, ResultFormatCodes: []int16{0, 1, 1},
	}},
	{wire.Bind, &pgproto3.Bind{
		ParameterFormatCodes: many(int16(1)), Parameters: many([]byte(nil)), ResultFormatCodes: many(int16(1)),
	}},
	{wire.Close, &pgproto3.Close{ObjectType: 'P', Name: "p"}},
	{wire.Describe, &pgproto3.Describe{ObjectType: 'S', Name: "s"}},
	{wire.CopyFail, &pgproto3.CopyFail{Message: "no"}},
	{wire.Execute, &pgproto3.Execute{Portal: "p", MaxRows: math.MaxUint32}},
	{wire.FunctionCall, &pgproto3.FunctionCall{
		Function: math.MaxUint32, ArgFormatCodes: []uint16{1}, Arguments: [][]byte{nil, {}, {0}}, ResultFormatCode: 1,
	}},
	{wire.Parse, &pgproto3.Parse{Name: "s", Query: "SELECT $1", ParameterOIDs: many(uint32(math.MaxUint32))}},
	{wire.Query, &pgproto3.Query{String: "SELECT 1; SELECT 2"}},
	{wire.Flush, &pgproto3.Flush{}},
	{wire.Sync, &pgproto3.Sync{}},
	{wire.Terminate, &pgproto3.Terminate{}},
	{wire.BindComplete, &pgproto3.BindComplete{}},
	{wire.CloseComplete, &pgproto3.CloseComplete{}},
	{wire.CommandComplete, &pgproto3.CommandComplete{CommandTag: []byte("INSERT 0 1")}},
	{wire.CopyInResponse, &pgproto3.CopyInResponse{OverallFormat: 1, ColumnFormatCodes: many(uint16(1))}},
	{wire.CopyOutResponse, &pgproto3.CopyOutResponse{OverallFormat: 255, ColumnFormatCodes: []uint16{math.MaxUint16}}},
	{wire.CopyBothResponse, &pgproto3.CopyBothResponse{}},
	{wire.DataRow, &pgproto3.DataRow{Values: [][]byte{nil, {}, []byte("x")}}},
	{wire.DataRow, &pgproto3.DataRow{Values: many([]byte(nil))}},
	{wire.EmptyQueryResponse, &pgproto3.EmptyQueryResponse{}},
	{wire.ErrorResponse, &pgproto3.ErrorResponse{
		Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: "42P01", Message: "m", Detail: "d", Hint: "h", Position: 8,
		InternalPosition: 9, InternalQuery: "q", Where: "w", SchemaName: "s", TableName: "t", ColumnName: "c",
		DataTypeName: "d", ConstraintName: "n", File: "f.c", Line: math.MaxInt32, Routine: "r",
		UnknownFields: map[byte]string{'~': "new"},
	}},
	{wire.NoticeResponse, &pgproto3.NoticeResponse{Severity: "NOTICE"}},
	{wire.FunctionCallResponse, &pgproto3.FunctionCallResponse{Result: []byte{}}},
	{wire.FunctionCallResponse, &pgproto3.FunctionCallResponse{}},
	{wire.NoData, &pgproto3.NoData{}},
	{wire.NotificationResponse, &pgproto3.NotificationResponse{PID: math.MaxUint32, Channel: "c", Payload: ""}},
	{wire.ParameterDescription, &pgproto3.ParameterDescription{ParameterOIDs: many(uint32(math.MaxUint32))}},
	{wire.ParameterStatus, &pgproto3.ParameterStatus{Name: "TimeZone", Value: ""}},
	{wire.ParseComplete, &pgproto3.ParseComplete{}},
	{wire.PortalSuspended, &pgproto3.PortalSuspended{}},
	{wire.ReadyForQuery, &pgproto3.ReadyForQuery{TxStatus: 'E'}},
	{wire.RowDescription, &pgproto3.RowDescription{Fields: many(pgproto3.FieldDescription{
		Name: []byte("ctid"), TableOID: math.MaxUint32, TableAttributeNumber: math.MaxUint16,
		DataTypeOID: math.MaxUint32, DataTypeSize: -1, TypeModifier: -1, Format: 1,
	})}},
	{wire.CopyData, &pgproto3.CopyData{Data: []byte{}}},
	{wire.CopyDone, &pgproto3.CopyDone{}},
}
