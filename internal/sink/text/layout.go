package text

import (
	"strconv"
	"strings"

	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// place is where a field is written.
type place uint8

const (
	// sameLine is after the previous field.
	sameLine place = iota
	// newLine is at the beginning of a continuation line.
	newLine
	// list is for the elements of a long list. Several share a continuation line.
	list
	// inRow is after the previous field, but each row begins a line. Anything else known about the
	// field also follows it, rather than being at the end of the line.
	inRow
)

// layout is how a field is shown.
type layout struct {
	place place
	// meaning follows the bytes. A "#" in it is replaced by the field's value: the integer, or what
	// the function value returns for it.
	meaning string
	// note is at the end of the line, for what was added to the log later.
	note  string
	value func(dst []byte, t wire.Type, f wire.Field) []byte
	// hex is for bytes that are shown in hexadecimal, as those of integers are.
	hex bool

	// means and notes are meaning and note, parsed by prepare.
	means, notes phrase
}

// phrase is words, with a field's value between them if valued is set.
type phrase struct {
	before, after string
	valued        bool
}

func makePhrase(template string) (p phrase) {
	p.before, p.after, p.valued = strings.Cut(template, "#")
	return p
}

func prepare(layouts []layout) []layout {
	for i := range layouts {
		l := &layouts[i]
		l.means, l.notes = makePhrase(l.meaning), makePhrase(l.note)
	}
	return layouts
}

// table has the layouts of fields in all messages that are not exceptions. Fields without a layout
// are shown by their names.
var table = prepare([]layout{
	wire.TypeByte:  {meaning: "#", value: messageName},
	wire.Length:    {meaning: "# bytes"},
	wire.Trailing:  {place: newLine, meaning: "trailing: # bytes", value: width},
	wire.Malformed: {place: newLine, meaning: "malformed: # bytes", value: width},
	wire.Omitted:   {place: newLine, meaning: "omitted: # bytes"},
	wire.Unknown:   {place: newLine, meaning: "unknown data"},
	wire.End:       {place: newLine, meaning: "end"},

	wire.RequestCode:     {meaning: "#", value: messageName},
	wire.ProtocolVersion: {meaning: "protocol version", note: ": #", value: word},
	wire.Reply:           {meaning: "#", value: reply},
	wire.ProcessID:       {meaning: "process ID", note: ": process ID = #"},
	wire.SecretKey:       {meaning: "secret key", hex: true},
	wire.ErrorText:       {meaning: "error message"},

	wire.AuthenticationSubtype: {meaning: "#", value: messageName},
	wire.Salt:                  {meaning: "salt", hex: true},
	wire.Mechanisms:            {place: newLine, meaning: "SASL mechanism"},
	wire.SelectedMechanism:     {place: newLine, meaning: "selected mechanism"},
	wire.DataLength:            {meaning: "#", value: bytesFollow},
	wire.SCRAMClientFirst:      {place: newLine, meaning: "SCRAM client-first-message"},
	wire.SCRAMServerFirst:      {place: newLine, meaning: "SCRAM server-first-message"},
	wire.SCRAMClientFinal:      {place: newLine, meaning: "SCRAM client-final-message"},
	wire.SCRAMServerFinal:      {place: newLine, meaning: "SCRAM server-final-message"},
	wire.OAuthClientFirst:      {place: newLine, meaning: "OAUTHBEARER initial client response"},
	wire.OAuthServerError:      {place: newLine, meaning: "OAUTHBEARER error status"},
	wire.OAuthAbort:            {place: newLine, meaning: "OAUTHBEARER abort"},
	wire.SASLData:              {place: newLine, meaning: "SASL data"},
	wire.MD5Hash:               {meaning: "MD5 hash"},
	wire.GSSToken:              {place: newLine, meaning: "GSS token"},
	wire.SaltLength:            {meaning: "#", value: bytesFollow},
	wire.NonceLength:           {meaning: "#", value: bytesFollow},
	wire.OptionCount:           {meaning: "# unknown options follow"},
	wire.Option:                {place: newLine, meaning: "unknown option"},

	wire.Portal:            {meaning: "portal name"},
	wire.Statement:         {meaning: "statement name"},
	wire.SQL:               {meaning: "query"},
	wire.FormatCount:       {place: newLine, meaning: "# parameter formats follow"},
	wire.Format:            {place: list, meaning: "format: #", value: word},
	wire.ResultFormatCount: {place: newLine, meaning: "# result formats follow"},
	wire.ResultFormat:      {place: list, meaning: "format: #", value: word},
	wire.ParameterCount:    {place: newLine, meaning: "# parameters follow"},
	wire.ParameterType:     {place: list, meaning: "type OID: #"},
	wire.ValueLength:       {place: newLine, meaning: "#", value: bytesOrNull},
	wire.Target:            {meaning: "#", value: wordOr("unknown target")},
	wire.RowLimit:          {meaning: "row limit: #", value: rowLimit},
	wire.FunctionOID:       {meaning: "function OID: #"},
	wire.ArgumentCount:     {place: newLine, meaning: "# arguments follow"},

	wire.ColumnCount:       {meaning: "# columns follow"},
	wire.ColumnName:        {place: newLine, meaning: "column name"},
	wire.TableOID:          {meaning: "table OID: #"},
	wire.AttributeNumber:   {meaning: "table attrib no: #"},
	wire.TypeOID:           {place: newLine, meaning: "type OID: #"},
	wire.ColumnFormat:      {place: list, meaning: "format: #", value: word},
	wire.CopyFormat:        {meaning: "format: #", value: word},
	wire.TransactionStatus: {meaning: "#", value: wordOr("unknown transaction status")},
	wire.ErrorCode:         {place: newLine, meaning: "#", value: errorField},
	wire.ErrorValue:        {meaning: "value"},

	wire.CopyValue:       {place: inRow, meaning: "COPY value"},
	wire.CopyPart:        {place: inRow, meaning: "part of COPY value"},
	wire.CopyNull:        {place: inRow, meaning: "COPY NULL"},
	wire.CopyDefault:     {place: inRow, meaning: "COPY DEFAULT"},
	wire.CopyHeading:     {place: inRow, meaning: "column name"},
	wire.CopyDelimiter:   {place: inRow, meaning: "delimiter"},
	wire.RowEnd:          {place: inRow, meaning: "end of row"},
	wire.CopyEnd:         {place: inRow, meaning: "end of data"},
	wire.CopySignature:   {place: newLine, meaning: "signature"},
	wire.CopyTrailer:     {place: newLine, meaning: "end of data"},
	wire.ExtensionLength: {meaning: "# bytes of header extension"},
	wire.Extension:       {meaning: "header extension", hex: true},

	wire.PayloadType:      {meaning: "#", value: payload},
	wire.WALStart:         {meaning: "start LSN: #"},
	wire.WALEnd:           {meaning: "end LSN: #"},
	wire.SentAt:           {meaning: "time: #", value: timestamp},
	wire.ReplyRequested:   {meaning: "reply requested: #", value: yesOrNo},
	wire.WrittenLSN:       {meaning: "written LSN: #"},
	wire.FlushedLSN:       {meaning: "flushed LSN: #"},
	wire.AppliedLSN:       {meaning: "applied LSN: #"},
	wire.XminEpoch:        {meaning: "epoch: #"},
	wire.CatalogXminEpoch: {meaning: "epoch: #"},
	wire.StatusLSN:        {meaning: "LSN: #"},
	wire.OldestXID:        {meaning: "oldest transaction ID: #"},
	wire.NextXID:          {meaning: "next transaction ID: #"},

	wire.LogicalType:     {place: newLine, meaning: "#", value: payload},
	wire.XID:             {meaning: "transaction ID: #"},
	wire.SubXID:          {meaning: "subtransaction ID: #"},
	wire.FinalLSN:        {meaning: "final LSN: #"},
	wire.CommitLSN:       {meaning: "commit LSN: #"},
	wire.TransactionEnd:  {meaning: "end LSN: #"},
	wire.CommitTime:      {meaning: "commit time: #", value: timestamp},
	wire.OriginLSN:       {meaning: "origin LSN: #"},
	wire.RelationOID:     {meaning: "relation OID: #"},
	wire.ReplicaIdentity: {meaning: "replica identity: #", value: wordOr("unknown")},
	wire.TupleType:       {place: newLine, meaning: "#", value: tupleType},
	wire.ValueFormat:     {place: newLine, meaning: "#", value: valueFormat},
	wire.RelationCount:   {meaning: "# relations follow"},
	wire.TruncateOptions: {meaning: "options: #", value: truncateOptions},
	wire.MessageLSN:      {meaning: "LSN: #"},
	wire.FirstSegment:    {meaning: "first segment: #", value: yesOrNo},
	wire.AbortLSN:        {meaning: "abort LSN: #"},
	wire.AbortTime:       {meaning: "abort time: #", value: timestamp},
	wire.PrepareLSN:      {meaning: "prepare LSN: #"},
	wire.PrepareTime:     {meaning: "prepare time: #", value: timestamp},
	wire.GID:             {meaning: "global transaction ID"},
	wire.RollbackEnd:     {meaning: "end LSN: #"},
	wire.RollbackTime:    {meaning: "rollback time: #", value: timestamp},

	wire.Progress: {meaning: "progress: # bytes"},
})

// exception is a field's layout in one type of message.
type exception struct {
	name   wire.Name
	layout layout
}

func preparedExceptions(all [][]exception) [][]exception {
	for _, list := range all {
		for i := range list {
			l := &list[i].layout
			l.means, l.notes = makePhrase(l.meaning), makePhrase(l.note)
		}
	}
	return all
}

var exceptions = preparedExceptions([][]exception{
	wire.StartupMessage: {
		{wire.Length, layout{meaning: "# bytes of startup message"}},
		{wire.Key, layout{place: newLine, meaning: "key"}},
	},
	wire.Authentication:              {{wire.AuthenticationSubtype, layout{meaning: "unknown authentication request #"}}},
	wire.AuthenticationMD5Password:   {{wire.Salt, layout{meaning: "MD5 salt", hex: true}}},
	wire.AuthenticationCryptPassword: {{wire.Salt, layout{meaning: "crypt salt", hex: true}}},
	wire.AuthenticationSHA256:        {{wire.Salt, layout{meaning: "salt"}}},
	wire.AuthenticationMD5SHA256:     {{wire.Salt, layout{meaning: "salt"}}},
	wire.AuthenticationSM3:           {{wire.Salt, layout{meaning: "salt"}}},
	wire.PasswordMessage:             {{wire.TypeByte, layout{meaning: "PasswordMessage (cleartext)"}}},
	wire.MD5PasswordMessage:          {{wire.TypeByte, layout{meaning: "PasswordMessage (MD5)"}}},
	wire.PasswordOrToken:             {{wire.Unknown, layout{meaning: "password or token"}}},
	wire.Parse:                       {{wire.ParameterCount, layout{place: newLine, meaning: "# parameter types follow"}}},
	wire.ParameterDescription:        {{wire.ParameterCount, layout{meaning: "# parameters follow"}}},
	wire.FunctionCall: {
		{wire.FormatCount, layout{place: newLine, meaning: "# argument formats follow"}},
		{wire.ResultFormat, layout{place: newLine, meaning: "result format: #", value: word}},
	},
	wire.NegotiateProtocolVersion: {{wire.ProtocolVersion, layout{meaning: "protocol version: #", value: word}}},
	wire.NotificationResponse:     {{wire.ProcessID, layout{meaning: "process ID: #"}}},
	wire.RowDescription:           {{wire.Format, layout{meaning: "format: #", value: word}}},

	wire.CopyText: {{wire.Data, layout{place: newLine, meaning: "data that the server ignores"}}},
	wire.CopyCSV:  {{wire.Data, layout{place: newLine, meaning: "data that the server ignores"}}},
	wire.CopyBinary: {
		{wire.ColumnCount, layout{place: newLine, meaning: "# columns follow"}},
		{wire.ValueLength, layout{place: newLine, meaning: "#", value: bytesOrCopyNull}},
	},
	wire.XLogData: {{wire.Data, layout{place: newLine, meaning: "data"}}},
	wire.LogicalRelation: {
		{wire.Flags, layout{place: newLine, meaning: "flags: #", value: columnFlags}},
		{wire.ColumnName, layout{meaning: "column name"}},
		{wire.TypeOID, layout{meaning: "type OID: #"}},
	},
	wire.LogicalTypeName: {{wire.TypeOID, layout{meaning: "type OID: #"}}},
	wire.LogicalInsert: {
		{wire.ColumnValue, layout{meaning: "Insert new value"}},
		{wire.ValueLength, layout{meaning: "#", value: bytesOrNull}},
	},
	wire.LogicalUpdate: {
		{wire.ColumnValue, layout{meaning: "Update new value"}},
		{wire.OldValue, layout{meaning: "Update old value"}},
		{wire.OldKeyValue, layout{meaning: "Update old key"}},
		{wire.ValueLength, layout{meaning: "#", value: bytesOrNull}},
	},
	wire.LogicalDelete: {
		{wire.OldValue, layout{meaning: "Delete old value"}},
		{wire.OldKeyValue, layout{meaning: "Delete old key"}},
		{wire.ValueLength, layout{meaning: "#", value: bytesOrNull}},
	},
	wire.LogicalTruncate:    {{wire.RelationOID, layout{place: list, meaning: "relation OID: #"}}},
	wire.LogicalMessage:     {{wire.Flags, layout{meaning: "transactional: #", value: yesOrNo}}},
	wire.BackupData:         {{wire.Data, layout{meaning: "archive or manifest data"}}},
	wire.BackupTar:          {{wire.Data, layout{meaning: "tar data"}}},
	wire.BackupManifestData: {{wire.Data, layout{meaning: "manifest data"}}},
	wire.UploadManifest:     {{wire.Data, layout{meaning: "manifest data"}}},
})

// layoutOf returns the layout of a kind of field in a type of message.
func layoutOf(t wire.Type, n wire.Name, k wire.Kind) *layout {
	if int(t) < len(exceptions) {
		for i := range exceptions[t] {
			if exceptions[t][i].name == n {
				return &exceptions[t][i].layout
			}
		}
	}
	switch {
	case int(n) < len(table) && table[n].meaning != "":
		return &table[n]
	case k.IsInteger():
		return &numbers[n]
	}
	return &words[n]
}

// words and numbers are the layouts of fields that are not in the table, by their names.
var words, numbers = layoutsByName("words"), layoutsByName("words: #")

func layoutsByName(template string) []layout {
	all := make([]layout, len(wire.Names()))
	for n := range all {
		all[n].meaning = strings.Replace(template, "words", inWords(wire.Name(n)), 1)
	}
	return prepare(all)
}

func inWords(n wire.Name) string { return strings.ReplaceAll(n.String(), "_", " ") }

// noun returns the name of a field whose value can't be shown.
func noun(n wire.Name) string {
	if meaning := layoutOf(wire.UnknownMessage, n, wire.Binary).meaning; !strings.Contains(meaning, "#") {
		return meaning
	}
	return inWords(n)
}

// appendTo appends a phrase of the layout, with the value of a field of the reader's message in it.
func (l *layout) appendTo(dst []byte, p *phrase, r *reading.Reader, f wire.Field) []byte {
	dst = append(dst, p.before...)
	if !p.valued {
		return dst
	}
	switch {
	case f.Kind == wire.LSN:
		dst = r.AppendLSN(dst, uint64(f.Int))
	case l.value != nil:
		dst = l.value(dst, r.Message.Type, f)
	default:
		dst = strconv.AppendInt(dst, f.Int, 10)
	}
	return append(dst, p.after...)
}
