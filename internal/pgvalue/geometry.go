package pgvalue

// The geometric types consist of float8s (utils/adt/geo_ops.c).

func (p *printer) point() {
	p.string("(")
	p.float8()
	p.string(",")
	p.float8()
	p.string(")")
}

// points prints n points, separated by commas.
func (p *printer) points(n int) {
	for i := range n {
		if i > 0 {
			p.string(",")
		}
		p.point()
	}
}

// line prints a line: the A, B and C of Ax + By + C = 0.
func (p *printer) line() {
	p.string("{")
	p.float8()
	p.string(",")
	p.float8()
	p.string(",")
	p.float8()
	p.string("}")
}

func (p *printer) segment() {
	p.string("[")
	p.points(2)
	p.string("]")
}

// box prints a box: two opposite corners, the upper right one first. The server sorts them when it
// reads them, and so does this.
func (p *printer) box() {
	highX, highY, lowX, lowY := p.double(), p.double(), p.double(), p.double()
	if highX < lowX {
		highX, lowX = lowX, highX
	}
	if highY < lowY {
		highY, lowY = lowY, highY
	}
	p.corner(highX, highY)
	p.string(",")
	p.corner(lowX, lowY)
}

func (p *printer) corner(x, y float64) {
	p.string("(")
	p.out = appendFloat(p.out, x, &double)
	p.string(",")
	p.out = appendFloat(p.out, y, &double)
	p.string(")")
}

// path prints a path: a byte that says whether it is closed, Int32 count, points.
func (p *printer) path() {
	at := p.at
	closed := p.byte()
	if closed > 1 {
		p.failAt(at, "a path is open (0) or closed (1)")
	}
	n := p.count(16)
	if closed == 1 {
		p.string("(")
		p.points(n)
		p.string(")")
		return
	}
	p.string("[")
	p.points(n)
	p.string("]")
}

// polygon prints a polygon: Int32 count, points.
func (p *printer) polygon() {
	p.string("(")
	p.points(p.count(16))
	p.string(")")
}

func (p *printer) circle() {
	p.string("<")
	p.point()
	p.string(",")
	p.float8()
	p.string(">")
}
