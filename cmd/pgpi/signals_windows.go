package main

// reportOnSignal does nothing: there is no such signal.
func (p *pipeline) reportOnSignal() (stop func()) { return func() {} }
