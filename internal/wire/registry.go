package wire

// Type is what a message is. Unlike the byte on the wire it is unique: it implies the sender, the
// Authentication subtype, the meaning of a "p" and the contents of CopyData.
type Type uint8

// All messages. The registry has their senders, bytes and names.
const (
	// UnknownMessage has a type byte that is in no documentation.
	UnknownMessage Type = iota

	// Before startup, without a type byte.
	SSLRequest
	SSLResponse
	GSSENCRequest
	GSSENCResponse
	CancelRequest
	StartupMessage
	OldErrorResponse

	// Authentication.
	Authentication // with a subtype that is in no documentation
	AuthenticationOk
	AuthenticationKerberosV4
	AuthenticationKerberosV5
	AuthenticationCleartextPassword
	AuthenticationCryptPassword
	AuthenticationMD5Password
	AuthenticationSCMCredential
	AuthenticationGSS
	AuthenticationGSSContinue
	AuthenticationSSPI
	AuthenticationSASL
	AuthenticationSASLContinue
	AuthenticationSASLFinal
	AuthenticationSHA256    // of openGauss
	AuthenticationMD5SHA256 // of openGauss
	AuthenticationSM3       // of openGauss
	AuthenticationDigest    // of Redshift
	AuthenticationToken     // of Redshift, or of openGauss
	PasswordOrToken         // the request that it answers was not seen
	PasswordMessage
	MD5PasswordMessage
	HashPasswordMessage // as openGauss requests it
	SASLInitialResponse
	SASLResponse
	GSSResponse
	NegotiateProtocolVersion
	BackendKeyData

	// What clients send.
	Bind
	Close
	CopyFail
	Describe
	Execute
	Flush
	FunctionCall
	Parse
	Query
	Sync
	Terminate

	// What servers send.
	BindComplete
	CloseComplete
	CommandComplete
	CopyBothResponse
	CopyInResponse
	CopyOutResponse
	DataRow
	EmptyQueryResponse
	ErrorResponse
	FunctionCallResponse
	NoData
	NoticeResponse
	NotificationResponse
	ParameterDescription
	ParameterStatus
	ParseComplete
	PortalSuspended
	ReadyForQuery
	RowDescription
	YbParameterStatus // of YugabyteDB

	// What both send.
	CopyData // with contents that are not known
	CopyDone

	// What CopyData holds: rows of COPY.
	CopyText
	CopyCSV
	CopyBinary
	CopyJSON

	// What CopyData holds: streaming replication.
	XLogData // with contents that are not known; WALData in the documentation from 19 on
	PrimaryKeepalive
	PrimaryStatusUpdate
	StandbyStatusUpdate
	HotStandbyFeedback
	PrimaryStatusRequest

	// What XLogData holds: pgoutput.
	LogicalBegin
	LogicalCommit
	LogicalOrigin
	LogicalRelation
	LogicalTypeName
	LogicalInsert
	LogicalUpdate
	LogicalDelete
	LogicalTruncate
	LogicalMessage
	LogicalStreamStart
	LogicalStreamStop
	LogicalStreamCommit
	LogicalStreamAbort
	LogicalBeginPrepare
	LogicalPrepare
	LogicalCommitPrepared
	LogicalRollbackPrepared
	LogicalStreamPrepare

	// What CopyData holds: base backups.
	BackupNewArchive
	BackupManifest
	BackupData
	BackupProgress
	BackupTar          // of a tablespace, from servers up to 14
	BackupManifestData // from the same
	UploadManifest

	typeCount
)

// grammar is one line of the registry.
type grammar struct {
	from Sender
	code byte // 0 for the packets without a type byte
	name string
	walk func(*cursor)
}

// registry is the protocol. To pgpi, a message that is not in it does not exist.
var registry = [typeCount]grammar{
	UnknownMessage: {Either, 0, "unknown message", walkUnknown},

	SSLRequest:       {Client, 0, "SSLRequest", walkSSLRequest},
	SSLResponse:      {Server, 0, "SSLResponse", walkReply},
	GSSENCRequest:    {Client, 0, "GSSENCRequest", walkGSSENCRequest},
	GSSENCResponse:   {Server, 0, "GSSENCResponse", walkReply},
	CancelRequest:    {Client, 0, "CancelRequest", walkCancelRequest},
	StartupMessage:   {Client, 0, "StartupMessage", walkStartupMessage},
	OldErrorResponse: {Server, 0, "ErrorResponse (before protocol 3)", walkOldErrorResponse},

	Authentication:                  {Server, 'R', "Authentication", walkAuthentication},
	AuthenticationOk:                {Server, 'R', "AuthenticationOk", walkAuthenticationOk},
	AuthenticationKerberosV4:        {Server, 'R', "AuthenticationKerberosV4", walkAuthenticationKerberosV4},
	AuthenticationKerberosV5:        {Server, 'R', "AuthenticationKerberosV5", walkAuthenticationKerberosV5},
	AuthenticationCleartextPassword: {Server, 'R', "AuthenticationCleartextPassword", walkAuthenticationCleartextPassword},
	AuthenticationCryptPassword:     {Server, 'R', "AuthenticationCryptPassword", walkAuthenticationCryptPassword},
	AuthenticationMD5Password:       {Server, 'R', "AuthenticationMD5Password", walkAuthenticationMD5Password},
	AuthenticationSCMCredential:     {Server, 'R', "AuthenticationSCMCredential", walkAuthenticationSCMCredential},
	AuthenticationGSS:               {Server, 'R', "AuthenticationGSS", walkAuthenticationGSS},
	AuthenticationGSSContinue:       {Server, 'R', "AuthenticationGSSContinue", walkAuthenticationGSSContinue},
	AuthenticationSSPI:              {Server, 'R', "AuthenticationSSPI", walkAuthenticationSSPI},
	AuthenticationSASL:              {Server, 'R', "AuthenticationSASL", walkAuthenticationSASL},
	AuthenticationSASLContinue:      {Server, 'R', "AuthenticationSASLContinue", walkAuthenticationSASLContinue},
	AuthenticationSASLFinal:         {Server, 'R', "AuthenticationSASLFinal", walkAuthenticationSASLFinal},
	AuthenticationSHA256:            {Server, 'R', "AuthenticationSHA256", walkAuthenticationSHA256},
	AuthenticationMD5SHA256:         {Server, 'R', "AuthenticationMD5SHA256", walkAuthenticationMD5SHA256},
	AuthenticationSM3:               {Server, 'R', "AuthenticationSM3", walkAuthenticationSM3},
	AuthenticationDigest:            {Server, 'R', "AuthenticationDigest", walkAuthenticationDigest},
	AuthenticationToken:             {Server, 'R', "AuthenticationToken", walkAuthenticationToken},
	PasswordOrToken:                 {Client, 'p', "PasswordMessage, SASL or GSS response", walkPasswordOrToken},
	PasswordMessage:                 {Client, 'p', "PasswordMessage", walkPasswordMessage},
	MD5PasswordMessage:              {Client, 'p', "PasswordMessage", walkMD5PasswordMessage},
	HashPasswordMessage:             {Client, 'p', "PasswordMessage", walkPasswordMessage},
	SASLInitialResponse:             {Client, 'p', "SASLInitialResponse", walkSASLInitialResponse},
	SASLResponse:                    {Client, 'p', "SASLResponse", walkSASLResponse},
	GSSResponse:                     {Client, 'p', "GSSResponse", walkGSSResponse},
	NegotiateProtocolVersion:        {Server, 'v', "NegotiateProtocolVersion", walkNegotiateProtocolVersion},
	BackendKeyData:                  {Server, 'K', "BackendKeyData", walkBackendKeyData},

	Bind:         {Client, 'B', "Bind", walkBind},
	Close:        {Client, 'C', "Close", walkTarget},
	CopyFail:     {Client, 'f', "CopyFail", walkCopyFail},
	Describe:     {Client, 'D', "Describe", walkTarget},
	Execute:      {Client, 'E', "Execute", walkExecute},
	Flush:        {Client, 'H', "Flush", walkEmpty},
	FunctionCall: {Client, 'F', "FunctionCall", walkFunctionCall},
	Parse:        {Client, 'P', "Parse", walkParse},
	Query:        {Client, 'Q', "Query", walkQuery},
	Sync:         {Client, 'S', "Sync", walkEmpty},
	Terminate:    {Client, 'X', "Terminate", walkEmpty},

	BindComplete:         {Server, '2', "BindComplete", walkEmpty},
	CloseComplete:        {Server, '3', "CloseComplete", walkEmpty},
	CommandComplete:      {Server, 'C', "CommandComplete", walkCommandComplete},
	CopyBothResponse:     {Server, 'W', "CopyBothResponse", walkCopyResponse},
	CopyInResponse:       {Server, 'G', "CopyInResponse", walkCopyResponse},
	CopyOutResponse:      {Server, 'H', "CopyOutResponse", walkCopyResponse},
	DataRow:              {Server, 'D', "DataRow", walkDataRow},
	EmptyQueryResponse:   {Server, 'I', "EmptyQueryResponse", walkEmpty},
	ErrorResponse:        {Server, 'E', "ErrorResponse", walkErrorResponse},
	FunctionCallResponse: {Server, 'V', "FunctionCallResponse", walkFunctionCallResponse},
	NoData:               {Server, 'n', "NoData", walkEmpty},
	NoticeResponse:       {Server, 'N', "NoticeResponse", walkErrorResponse},
	NotificationResponse: {Server, 'A', "NotificationResponse", walkNotificationResponse},
	ParameterDescription: {Server, 't', "ParameterDescription", walkParameterDescription},
	ParameterStatus:      {Server, 'S', "ParameterStatus", walkParameterStatus},
	ParseComplete:        {Server, '1', "ParseComplete", walkEmpty},
	PortalSuspended:      {Server, 's', "PortalSuspended", walkEmpty},
	ReadyForQuery:        {Server, 'Z', "ReadyForQuery", walkReadyForQuery},
	RowDescription:       {Server, 'T', "RowDescription", walkRowDescription},
	YbParameterStatus:    {Server, 'r', "YbParameterStatus", walkYbParameterStatus},

	CopyData: {Either, 'd', "CopyData", walkCopyData},
	CopyDone: {Either, 'c', "CopyDone", walkEmpty},

	CopyText:   {Either, 'd', "CopyData/text", walkCopyText},
	CopyCSV:    {Either, 'd', "CopyData/csv", walkCopyCSV},
	CopyBinary: {Either, 'd', "CopyData/binary", walkCopyBinary},
	CopyJSON:   {Server, 'd', "CopyData/json", walkCopyJSON},

	XLogData:             {Server, 'd', "XLogData", walkXLogData},
	PrimaryKeepalive:     {Server, 'd', "PrimaryKeepalive", walkPrimaryKeepalive},
	PrimaryStatusUpdate:  {Server, 'd', "PrimaryStatusUpdate", walkPrimaryStatusUpdate},
	StandbyStatusUpdate:  {Client, 'd', "StandbyStatusUpdate", walkStandbyStatusUpdate},
	HotStandbyFeedback:   {Client, 'd', "HotStandbyFeedback", walkHotStandbyFeedback},
	PrimaryStatusRequest: {Client, 'd', "PrimaryStatusRequest", walkPrimaryStatusRequest},

	LogicalBegin:            {Server, 'd', "XLogData/Begin", walkLogicalBegin},
	LogicalCommit:           {Server, 'd', "XLogData/Commit", walkLogicalCommit},
	LogicalOrigin:           {Server, 'd', "XLogData/Origin", walkLogicalOrigin},
	LogicalRelation:         {Server, 'd', "XLogData/Relation", walkLogicalRelation},
	LogicalTypeName:         {Server, 'd', "XLogData/Type", walkLogicalTypeName},
	LogicalInsert:           {Server, 'd', "XLogData/Insert", walkLogicalInsert},
	LogicalUpdate:           {Server, 'd', "XLogData/Update", walkLogicalUpdate},
	LogicalDelete:           {Server, 'd', "XLogData/Delete", walkLogicalDelete},
	LogicalTruncate:         {Server, 'd', "XLogData/Truncate", walkLogicalTruncate},
	LogicalMessage:          {Server, 'd', "XLogData/Message", walkLogicalMessage},
	LogicalStreamStart:      {Server, 'd', "XLogData/StreamStart", walkLogicalStreamStart},
	LogicalStreamStop:       {Server, 'd', "XLogData/StreamStop", walkLogicalStreamStop},
	LogicalStreamCommit:     {Server, 'd', "XLogData/StreamCommit", walkLogicalStreamCommit},
	LogicalStreamAbort:      {Server, 'd', "XLogData/StreamAbort", walkLogicalStreamAbort},
	LogicalBeginPrepare:     {Server, 'd', "XLogData/BeginPrepare", walkLogicalBeginPrepare},
	LogicalPrepare:          {Server, 'd', "XLogData/Prepare", walkLogicalPrepare},
	LogicalCommitPrepared:   {Server, 'd', "XLogData/CommitPrepared", walkLogicalCommitPrepared},
	LogicalRollbackPrepared: {Server, 'd', "XLogData/RollbackPrepared", walkLogicalRollbackPrepared},
	LogicalStreamPrepare:    {Server, 'd', "XLogData/StreamPrepare", walkLogicalStreamPrepare},

	BackupNewArchive:   {Server, 'd', "BaseBackup/NewArchive", walkBackupNewArchive},
	BackupManifest:     {Server, 'd', "BaseBackup/Manifest", walkBackupManifest},
	BackupData:         {Server, 'd', "BaseBackup/Data", walkBackupData},
	BackupProgress:     {Server, 'd', "BaseBackup/Progress", walkBackupProgress},
	BackupTar:          {Server, 'd', "BaseBackup/Tar", walkCopyData},
	BackupManifestData: {Server, 'd', "BaseBackup/ManifestData", walkCopyData},
	UploadManifest:     {Client, 'd', "UploadManifest", walkCopyData},
}

// byCode maps a byte to a type, for each sender. The families "R", "p" and "d" have their general
// member here.
var byCode = indexByCode()

func indexByCode() (index [2][256]Type) {
	for t := typeCount - 1; t > 0; t-- { // downwards: the general member of a family is its first
		g := registry[t]
		for _, from := range []Sender{Client, Server} {
			if g.code != 0 && (g.from == from || g.from == Either) {
				index[from][g.code] = t
			}
		}
	}
	return index
}

// Types returns all types, in the order of the registry.
func Types() []Type {
	all := make([]Type, typeCount)
	for t := range all {
		all[t] = Type(t)
	}
	return all
}

// String returns the message's name in the PostgreSQL documentation. A message inside another has
// the names of both, as in "XLogData/Insert".
func (t Type) String() string {
	if t >= typeCount {
		return "unknown message"
	}
	return registry[t].name
}

// From returns the party that sends messages of this type.
func (t Type) From() Sender { return registry[t].from }

// Code returns the byte that messages of this type begin with, or 0 if there is none.
func (t Type) Code() byte { return registry[t].code }
