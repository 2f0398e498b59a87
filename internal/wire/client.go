package wire

// Messages that clients send (documentation section "Message Formats").

func walkBind(c *cursor) {
	c.header()
	c.CString(Portal)
	c.CString(Statement)
	c.Repeat16(FormatCount, Format)
	c.Repeat(c.Uint16(ParameterCount), Parameter, parameter)
	c.Repeat16(ResultFormatCount, ResultFormat)
}

func parameter(c *cursor) { c.Sized(ValueLength, ParameterValue) }

// walkTarget reads Close and Describe, which name a statement or a portal.
func walkTarget(c *cursor) {
	c.header()
	if c.Byte1(Target, "SP") == 'P' {
		c.CString(Portal)
	} else {
		c.CString(Statement)
	}
}

func walkCopyFail(c *cursor) {
	c.header()
	c.CString(FailReason)
}

func walkExecute(c *cursor) {
	c.header()
	c.CString(Portal)
	c.Int32(RowLimit)
}

func walkFunctionCall(c *cursor) {
	c.header()
	c.Uint32(FunctionOID)
	c.Repeat16(FormatCount, Format)
	c.Repeat(c.Uint16(ArgumentCount), Argument, argument)
	c.Uint16(ResultFormat)
}

func argument(c *cursor) { c.Sized(ValueLength, ArgumentValue) }

func walkParse(c *cursor) {
	c.header()
	c.CString(Statement)
	c.CString(SQL)
	for n := c.Uint16(ParameterCount); n > 0 && !c.done; n-- {
		c.Uint32(ParameterType)
	}
}

func walkQuery(c *cursor) {
	c.header()
	c.CString(SQL)
}
