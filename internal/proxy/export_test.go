package proxy

// BreakTrackers makes every further look at the bytes of the open connections panic.
func (p *Proxy) BreakTrackers() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.connections {
		c.mu.Lock()
		c.tracker = nil
		c.mu.Unlock()
	}
}
