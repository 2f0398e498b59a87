package pgvalue

// tsvector prints a tsvector: Int32 count, and for each lexeme its text with a NUL, an Int16 count,
// and the positions: 2 bits of weight, 14 of position (tsvectorsend in utils/adt/tsvector.c).
func (p *printer) tsvector() {
	n := p.count(3)
	for i := range n {
		if p.failed() {
			return
		}
		if i > 0 {
			p.string(" ")
		}
		p.lexeme(p.cstring())
		for j := range int(p.uint16()) {
			if j == 0 {
				p.string(":")
			} else {
				p.string(",")
			}
			position := p.uint16()
			if p.failed() {
				return
			}
			p.uint(uint64(position & 0x3fff))
			if weight := position >> 14; weight > 0 {
				p.out = append(p.out, "DCBA"[weight])
			}
		}
	}
}

// lexeme prints text in single quotes, with quotes and backslashes doubled.
func (p *printer) lexeme(b []byte) {
	start := len(p.out)
	p.text(b)
	p.quote(start, '\'', '\'')
}

// The items of a tsquery and its operators (tsearch/ts_type.h).
const (
	queryValue    = 1
	queryOperator = 2

	queryNot    = 1
	queryAnd    = 2
	queryOr     = 3
	queryPhrase = 4
)

// queryPriority is how tightly an operator binds (tsearch_op_priority in utils/adt/tsquery.c).
var queryPriority = [...]int{queryNot: 4, queryAnd: 2, queryOr: 1, queryPhrase: 3}

// maxQueryDepth bounds the recursion over a tsquery. A chain of operators, as people write it, is
// as deep as it is long.
const maxQueryDepth = 10000

// queryItem is a node of a tsquery. The right operand of an operator follows it immediately, and
// the left one comes after that.
type queryItem struct {
	at, end  int32 // in the value: a word's text, a phrase's distance
	left     int32 // index of the left operand, or of the only one
	below    int32 // index of the item below it on linkQuery's stack, -1 for none
	operator byte  // 0 for a word
	weight   byte
	prefix   bool
}

// tsquery prints a tsquery: Int32 count of items in Polish notation, each with a byte for its kind.
// A word has a byte each for weights and prefix flag, and its text with a NUL. An operator has its
// code, and a phrase an Int16 distance (tsquerysend in utils/adt/tsquery.c).
func (p *printer) tsquery() {
	n := p.count(2)
	if n == 0 {
		return
	}
	items := make([]queryItem, 0, n)
	for range n {
		items = append(items, p.queryItem())
		if p.failed() {
			return
		}
	}
	if !p.linkQuery(items) {
		return
	}
	p.query(items, 0, 0, false, 0)
}

func (p *printer) queryItem() queryItem {
	at := p.at
	switch p.byte() {
	case queryValue:
		item := queryItem{weight: p.byte(), prefix: p.byte() != 0, at: int32(p.at)}
		item.end = item.at + int32(len(p.cstring()))
		return item
	case queryOperator:
		item := queryItem{operator: p.byte()}
		item.at = int32(p.at)
		if item.operator < queryNot || item.operator > queryPhrase {
			p.failAt(at+1, "unknown operator of tsquery")
		}
		if item.operator == queryPhrase {
			p.int16()
		}
		return item
	}
	p.failAt(at, "unknown kind of tsquery item")
	return queryItem{}
}

// linkQuery finds every operator's left operand, and reports whether the items are one complete
// query. Backwards, Polish notation is evaluated with a stack. The stack is kept in the items
// themselves: an item that is complete and waits for an operator has the index of the one below it.
func (p *printer) linkQuery(items []queryItem) bool {
	top := int32(-1)
	for i := len(items) - 1; i >= 0; i-- {
		operands := 0
		switch items[i].operator {
		case 0:
		case queryNot:
			operands = 1
		default:
			operands = 2
		}
		for range operands {
			if top < 0 {
				p.fail("tsquery operator without its operand")
				return false
			}
			items[i].left = top
			top = items[top].below
		}
		items[i].below, top = top, int32(i)
	}
	if items[0].below >= 0 {
		p.fail("tsquery with items left over")
		return false
	}
	return true
}

// query prints item i and its operands. It adds parentheses if the operator around it binds more
// tightly, or is a phrase with this as its right operand (infix in utils/adt/tsquery.c).
func (p *printer) query(items []queryItem, i int32, around int, rightOfPhrase bool, depth int) {
	if depth > maxQueryDepth {
		p.fail("nested too deeply")
		return
	}
	item := &items[i]
	if item.operator == 0 {
		p.queryWord(item)
		return
	}
	priority := queryPriority[item.operator]
	parentheses := priority < around || item.operator == queryPhrase && rightOfPhrase
	if parentheses {
		p.string("( ")
	}
	if item.operator == queryNot {
		p.string("!")
		p.query(items, item.left, priority, false, depth+1)
	} else {
		p.query(items, item.left, priority, false, depth+1)
		p.queryOperator(item)
		p.query(items, i+1, priority, item.operator == queryPhrase, depth+1)
	}
	if parentheses {
		p.string(" )")
	}
}

func (p *printer) queryOperator(item *queryItem) {
	switch item.operator {
	case queryAnd:
		p.string(" & ")
	case queryOr:
		p.string(" | ")
	case queryPhrase:
		distance := int16(uint16(p.in[item.at])<<8 | uint16(p.in[item.at+1]))
		if distance == 1 {
			p.string(" <-> ")
			return
		}
		p.string(" <")
		p.int(int64(distance))
		p.string("> ")
	}
}

func (p *printer) queryWord(item *queryItem) {
	p.lexeme(p.in[item.at:item.end])
	if item.weight == 0 && !item.prefix {
		return
	}
	p.string(":")
	if item.prefix {
		p.string("*")
	}
	for bit := 3; bit >= 0; bit-- {
		if item.weight>>bit&1 != 0 {
			p.out = append(p.out, "DCBA"[bit])
		}
	}
}
