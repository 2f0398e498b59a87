package proxy

// BreakFramers makes every further look at the bytes of the open connections panic.
func (p *Proxy) BreakFramers() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.connections {
		c.mu.Lock()
		c.watch = nil
		c.mu.Unlock()
	}
}
