package wire

// Packets before authentication, which have no type byte (documentation section
// "Message Formats"; src/backend/tcop/backend_startup.c).

func walkSSLRequest(c *cursor) {
	c.Const32(Length, 8)
	c.Const32(RequestCode, SSLRequestCode)
}

func walkGSSENCRequest(c *cursor) {
	c.Const32(Length, 8)
	c.Const32(RequestCode, GSSENCRequestCode)
}

// walkReply reads the one byte that answers a request for encryption.
func walkReply(c *cursor) { c.Byte1(Reply, "SNG") }

func walkCancelRequest(c *cursor) {
	c.Uint32(Length)
	c.Const32(RequestCode, CancelRequestCode)
	c.Uint32(ProcessID)
	c.Within(SecretKey, Binary, 1, maxKey) // servers from 18 on take any (ProcessCancelRequestPacket)
}

func walkStartupMessage(c *cursor) {
	c.Uint32(Length)
	c.Uint32(ProtocolVersion)
	for !c.Terminated() {
		c.CString(Key)
		c.CString(KeyValue)
	}
}

// walkOldErrorResponse reads an error of a server that does not know the protocol yet: an 'E' and a
// string without a length.
func walkOldErrorResponse(c *cursor) {
	c.Byte1(TypeByte, "E")
	c.CString(ErrorText)
}
