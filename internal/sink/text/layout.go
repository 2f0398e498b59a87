package text

import (
	"strconv"
	"strings"

	"pgpi/internal/wire"
)

// place is where a field stands.
type place uint8

const (
	// sameLine is behind the field before.
	sameLine place = iota
	// newLine is at the beginning of a continuation line.
	newLine
	// list is for the elements of a long list: some share a continuation line.
	list
)

// layout is how a field is shown.
type layout struct {
	place place
	// meaning stands behind the bytes. A "#" in it is the field's value: the integer,
	// or what the function value makes of it.
	meaning string
	// note stands at the end of the line, for what was added to the log later on.
	note  string
	value func(dst []byte, t wire.Type, f wire.Field) []byte
	// number is for integers, whose bytes are shown in hexadecimal, and hex for other
	// bytes that are.
	number, hex bool
}

// table has the layout of each field, in all messages that are not exceptions.
var table = [...]layout{
	wire.TypeByte:  {meaning: "#", value: messageName},
	wire.Length:    {meaning: "# bytes", number: true},
	wire.Trailing:  {place: newLine, meaning: "trailing: # bytes", value: width},
	wire.Malformed: {place: newLine, meaning: "malformed: # bytes", value: width},
	wire.Omitted:   {place: newLine, meaning: "omitted: # bytes"},
	wire.Unknown:   {place: newLine, meaning: "unknown data"},
	wire.End:       {place: newLine, meaning: "end"},

	wire.RequestCode:     {meaning: "#", value: messageName, number: true},
	wire.ProtocolVersion: {meaning: "protocol version", note: ": #", value: version, number: true},
	wire.Reply:           {meaning: "#", value: reply},
	wire.Key:             {meaning: "key"},
	wire.KeyValue:        {meaning: "value"},
	wire.ProcessID:       {meaning: "process ID", note: ": process ID = #", number: true},
	wire.SecretKey:       {meaning: "secret key", hex: true},
	wire.ErrorText:       {meaning: "error message"},

	wire.AuthenticationSubtype: {meaning: "#", value: messageName, number: true},
	wire.Salt:                  {meaning: "salt", hex: true},
	wire.Mechanisms:            {place: newLine, meaning: "SASL mechanism"},
	wire.SelectedMechanism:     {place: newLine, meaning: "selected mechanism"},
	wire.DataLength:            {meaning: "#", value: bytesFollow, number: true},
	wire.SCRAMClientFirst:      {place: newLine, meaning: "SCRAM client-first-message"},
	wire.SCRAMServerFirst:      {place: newLine, meaning: "SCRAM server-first-message"},
	wire.SCRAMClientFinal:      {place: newLine, meaning: "SCRAM client-final-message"},
	wire.SCRAMServerFinal:      {place: newLine, meaning: "SCRAM server-final-message"},
	wire.OAuthClientFirst:      {place: newLine, meaning: "OAUTHBEARER initial client response"},
	wire.OAuthServerError:      {place: newLine, meaning: "OAUTHBEARER error status"},
	wire.OAuthAbort:            {place: newLine, meaning: "OAUTHBEARER abort"},
	wire.SASLData:              {place: newLine, meaning: "SASL data"},
	wire.Password:              {meaning: "password"},
	wire.MD5Hash:               {meaning: "MD5 hash"},
	wire.GSSToken:              {place: newLine, meaning: "GSS token"},
	wire.OptionCount:           {meaning: "# unknown options follow", number: true},
	wire.Option:                {place: newLine, meaning: "unknown option"},

	wire.Portal:            {meaning: "portal name"},
	wire.Statement:         {meaning: "statement name"},
	wire.SQL:               {meaning: "query"},
	wire.FormatCount:       {place: newLine, meaning: "# parameter formats follow", number: true},
	wire.Format:            {place: list, meaning: "format: #", value: format, number: true},
	wire.ResultFormatCount: {place: newLine, meaning: "# result formats follow", number: true},
	wire.ResultFormat:      {place: list, meaning: "format: #", value: format, number: true},
	wire.ParameterCount:    {place: newLine, meaning: "# parameters follow", number: true},
	wire.Parameter:         {meaning: "parameter"},
	wire.ParameterType:     {place: list, meaning: "type OID: #", number: true},
	wire.ParameterValue:    {meaning: "parameter value"},
	wire.ValueLength:       {place: newLine, meaning: "#", value: bytesOrNull, number: true},
	wire.Target:            {meaning: "#", value: target},
	wire.RowLimit:          {meaning: "row limit: #", value: rowLimit, number: true},
	wire.FunctionOID:       {meaning: "function OID: #", number: true},
	wire.ArgumentCount:     {place: newLine, meaning: "# arguments follow", number: true},
	wire.Argument:          {meaning: "argument"},
	wire.ArgumentValue:     {meaning: "argument value"},
	wire.FailReason:        {meaning: "reason"},

	wire.ColumnCount:       {meaning: "# columns follow", number: true},
	wire.Column:            {meaning: "column"},
	wire.ColumnName:        {place: newLine, meaning: "column name"},
	wire.TableOID:          {meaning: "table OID: #", number: true},
	wire.AttributeNumber:   {meaning: "table attrib no: #", number: true},
	wire.TypeOID:           {place: newLine, meaning: "type OID: #", number: true},
	wire.TypeLength:        {meaning: "type length: #", number: true},
	wire.TypeModifier:      {meaning: "type modifier: #", number: true},
	wire.ColumnFormat:      {place: list, meaning: "format: #", value: format, number: true},
	wire.ColumnValue:       {meaning: "column value"},
	wire.ResultValue:       {meaning: "result value"},
	wire.CopyFormat:        {meaning: "format: #", value: format, number: true},
	wire.CommandTag:        {meaning: "command tag"},
	wire.TransactionStatus: {meaning: "#", value: transactionStatus},
	wire.ErrorField:        {meaning: "field"},
	wire.ErrorCode:         {place: newLine, meaning: "#", value: errorField},
	wire.ErrorValue:        {meaning: "value"},
	wire.Channel:           {meaning: "channel"},
	wire.NotifyPayload:     {meaning: "payload"},
	wire.Data:              {meaning: "data"},
}

// exception is a field's layout in one type of message.
type exception struct {
	name   wire.Name
	layout layout
}

var exceptions = [...][]exception{
	wire.StartupMessage: {
		{wire.Length, layout{meaning: "# bytes of startup message", number: true}},
		{wire.Key, layout{place: newLine, meaning: "key"}},
	},
	wire.Authentication:              {{wire.AuthenticationSubtype, layout{meaning: "unknown authentication request #", number: true}}},
	wire.AuthenticationMD5Password:   {{wire.Salt, layout{meaning: "MD5 salt", hex: true}}},
	wire.AuthenticationCryptPassword: {{wire.Salt, layout{meaning: "crypt salt", hex: true}}},
	wire.PasswordMessage:             {{wire.TypeByte, layout{meaning: "PasswordMessage (cleartext)"}}},
	wire.MD5PasswordMessage:          {{wire.TypeByte, layout{meaning: "PasswordMessage (MD5)"}}},
	wire.PasswordOrToken:             {{wire.Unknown, layout{meaning: "password or token"}}},
	wire.Parse:                       {{wire.ParameterCount, layout{place: newLine, meaning: "# parameter types follow", number: true}}},
	wire.ParameterDescription:        {{wire.ParameterCount, layout{meaning: "# parameters follow", number: true}}},
	wire.FunctionCall: {
		{wire.FormatCount, layout{place: newLine, meaning: "# argument formats follow", number: true}},
		{wire.ResultFormat, layout{place: newLine, meaning: "result format: #", value: format, number: true}},
	},
	wire.NegotiateProtocolVersion: {{wire.ProtocolVersion, layout{meaning: "protocol version: #", value: version, number: true}}},
	wire.NotificationResponse:     {{wire.ProcessID, layout{meaning: "process ID: #", number: true}}},
	wire.RowDescription:           {{wire.Format, layout{meaning: "format: #", value: format, number: true}}},
}

// layoutOf finds the layout of a field in a type of message.
func layoutOf(t wire.Type, n wire.Name) *layout {
	if int(t) < len(exceptions) {
		for i := range exceptions[t] {
			if exceptions[t][i].name == n {
				return &exceptions[t][i].layout
			}
		}
	}
	return &table[n]
}

// nouns name the fields whose value can't be given.
var nouns = nameFields()

func nameFields() []string {
	names := wire.Names()
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = table[n].meaning
		if strings.Contains(words[i], "#") {
			words[i] = strings.ReplaceAll(n.String(), "_", " ")
		}
	}
	return words
}

// appendTo writes a template of the layout, with the field's value in it.
func (l *layout) appendTo(dst []byte, template string, t wire.Type, f wire.Field) []byte {
	at := strings.IndexByte(template, '#')
	if at < 0 {
		return append(dst, template...)
	}
	dst = append(dst, template[:at]...)
	if l.value != nil {
		dst = l.value(dst, t, f)
	} else {
		dst = strconv.AppendInt(dst, f.Int, 10)
	}
	return append(dst, template[at+1:]...)
}
