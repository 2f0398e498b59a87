package wire

import "bytes"

// Messages that servers send, and those that both parties send (documentation section "Message
// Formats").

// walkEmpty reads all messages that have only a header.
func walkEmpty(c *cursor) { c.header() }

func walkUnknown(c *cursor) {
	c.header()
	c.Rest(Unknown, Binary)
}

func walkCommandComplete(c *cursor) {
	c.header()
	c.CString(CommandTag)
}

// walkCopyResponse reads CopyInResponse, CopyOutResponse and CopyBothResponse.
func walkCopyResponse(c *cursor) {
	c.header()
	c.Int8(CopyFormat)
	c.Repeat16(ColumnCount, ColumnFormat)
}

func walkDataRow(c *cursor) {
	c.header()
	c.Repeat(c.Uint16(ColumnCount), Column, columnValue)
}

func columnValue(c *cursor) { c.Sized(ValueLength, ColumnValue) }

// walkErrorResponse reads NoticeResponse too (documentation section "Error and Notice Message
// Fields").
func walkErrorResponse(c *cursor) {
	c.header()
	for i := int64(0); !c.Terminated(); i++ {
		c.Group(ErrorField, i, errorField)
	}
}

func errorField(c *cursor) {
	c.Byte1(ErrorCode, "SVCMDHPpqWstcdnFLR")
	c.CString(ErrorValue)
}

func walkFunctionCallResponse(c *cursor) {
	c.header()
	c.Sized(ValueLength, ResultValue)
}

func walkNotificationResponse(c *cursor) {
	c.header()
	c.Uint32(ProcessID)
	c.CString(Channel)
	c.CString(NotifyPayload)
}

func walkParameterDescription(c *cursor) {
	c.header()
	for n := c.Uint16(ParameterCount); n > 0 && !c.done; n-- {
		c.Uint32(ParameterType)
	}
}

func walkParameterStatus(c *cursor) {
	c.header()
	c.CString(Key)
	c.CString(KeyValue)
}

// walkYbParameterStatus reads what servers of YugabyteDB send to its connection manager instead of
// ParameterStatus. It also says where the value is from (ReportGUCOption in
// src/backend/utils/misc/guc.c, src/include/common/pg_yb_param_status_flags.h).
func walkYbParameterStatus(c *cursor) {
	c.header()
	c.CString(Key)
	c.CString(KeyValue)
	c.Int8(Flags)
}

// hasYbForm reports whether a message, as far as it is known, can be a YbParameterStatus.
func hasYbForm(b []byte) bool {
	size := Size(b)
	if size == 0 || size > int64(len(b)) {
		return true
	}
	if size < HeaderSize {
		return false
	}
	_, rest, terminated := bytes.Cut(b[HeaderSize:size], []byte{0})
	flags := len(rest) - 1
	return terminated && bytes.IndexByte(rest, 0) == flags-1
}

func walkReadyForQuery(c *cursor) {
	c.header()
	c.Byte1(TransactionStatus, "ITE")
}

func walkRowDescription(c *cursor) {
	c.header()
	c.Repeat(c.Uint16(ColumnCount), Column, columnDescription)
}

func columnDescription(c *cursor) {
	c.CString(ColumnName)
	c.Uint32(TableOID)
	c.Int16(AttributeNumber) // -1 for ctid
	c.Uint32(TypeOID)
	c.Int16(TypeLength)
	c.Int32(TypeModifier)
	c.Uint16(Format)
}

func walkCopyData(c *cursor) {
	c.header()
	c.Rest(Data, Value)
}
