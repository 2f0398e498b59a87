package proxy

// BreakFramers makes every further look at the bytes of the open connections panic.
func (p *Proxy) BreakFramers() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.connections {
		c.mu.Lock()
		c.framer = nil
		c.mu.Unlock()
	}
}

// BreakDecoders makes every further look at what was recorded of the open connections
// panic. Nothing may be under way.
func (p *Proxy) BreakDecoders() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.connections {
		c.decoder.tracker = nil
	}
}

// Held counts the messages that decoders hold on to. Nothing may be under way.
func (p *Proxy) Held() (count int) {
	for _, m := range p.messages[:cap(p.messages)] {
		if m.Bytes != nil {
			count++
		}
	}
	return count
}
