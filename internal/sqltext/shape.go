package sqltext

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// ShapeRules is the version of the rules that decide which statements share a shape. It is part of
// each identifier, so that an identifier never changes its meaning.
const ShapeRules = "1"

// Shape is what is common to statements that differ only in constants, parameters, the lengths of
// lists, case, space and comments.
//
//   - Constants are strings, numbers with their signs, and true, false and null where a value can
//     be. So are names that programs number: those of savepoints, cursors and prepared statements
//     in SAVEPOINT, RELEASE, ROLLBACK TO, DECLARE, FETCH, MOVE, CLOSE and DEALLOCATE.
//   - Lists are what follows IN, what is in ARRAY[…], and the rows of VALUES. An element is left
//     out if it equals one of the first in its list.
//   - Words are in lower case. A name in quotes keeps them: whether it means the same as the word
//     depends on which words the server reserves.
//   - Semicolons at the beginning and the end are left out.
type Shape struct {
	// ID looks like "1:8f3a91c2d4e5b677": the version of the rules, and a hash of the text.
	ID string
	// Text is SQL of this shape, with $1, $2 … for its constants. Its own shape is this one.
	Text string
}

// Shaper finds the shapes of statements. Equal shapes are the same pointer while there is room to
// remember them. It is not safe for concurrent use.
type Shaper struct {
	known  map[string]*Shape
	size   int // of the texts in it
	writer shapeWriter
}

// Limits on the shapes that are remembered. Exceeding them only costs time.
const (
	maxShapes    = 10_000
	maxShapeText = 4 << 20
)

// Shape returns the shape of a text. The text ends at a NUL, as it does for the server.
func (s *Shaper) Shape(sql []byte, settings Settings) *Shape {
	key := s.writer.write(beforeNUL(sql), settings)
	if shape := s.known[string(key)]; shape != nil {
		return shape
	}
	if len(s.known) >= maxShapes || s.size+len(key) > maxShapeText || s.known == nil {
		s.known, s.size = map[string]*Shape{}, 0
	}
	shape := newShape(key)
	s.known[string(key)] = shape
	s.size += len(key)
	return shape
}

// placeholder is written for each constant until the constants are numbered. SQL contains no NUL.
const placeholder = 0

// newShape numbers the constants of a text.
func newShape(key []byte) *Shape {
	sum := sha256.Sum256(key)
	text := make([]byte, 0, len(key)+len(key)/4)
	for n := 0; ; {
		i := bytes.IndexByte(key, placeholder)
		if i < 0 {
			text = append(text, key...)
			return &Shape{ID: ShapeRules + ":" + hex.EncodeToString(sum[:8]), Text: string(text)}
		}
		n++
		text = append(append(text, key[:i]...), '$')
		text = strconv.AppendInt(text, int64(n), 10)
		key = key[i+1:]
	}
}
