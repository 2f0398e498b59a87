package capture

import (
	"cmp"
	"slices"
)

// merged are several captures as one, ordered by time. The files of a recording follow each other:
// within a recording the order is that of what happened.
type merged struct {
	chains []*chain
}

// chain is what is read one file after another.
type chain struct {
	inputs []*input
	number int // number of the recording, from 1; 0 for captures by others
}

// merge orders inputs.
func merge(inputs []*input) *merged {
	m := &merged{}
	recordings := map[string]*chain{}
	for _, in := range inputs {
		if !in.own {
			m.chains = append(m.chains, &chain{inputs: []*input{in}})
			continue
		}
		c := recordings[in.section.ID]
		if c == nil {
			c = &chain{number: len(recordings) + 1}
			recordings[in.section.ID] = c
			m.chains = append(m.chains, c)
		}
		c.inputs = append(c.inputs, in)
	}
	for _, c := range m.chains {
		slices.SortStableFunc(c.inputs, func(a, b *input) int { return cmp.Compare(a.section.File, b.section.File) })
	}
	return m
}

// head returns the input of the next packet, or nil at the end. It passes inputs that have ended to
// done.
func (m *merged) head(done func(*input)) (from *chain, in *input) {
	for _, c := range m.chains {
		for len(c.inputs) > 0 && c.inputs[0].err != nil {
			done(c.inputs[0])
			c.inputs = c.inputs[1:]
		}
		if len(c.inputs) > 0 && (in == nil || c.inputs[0].packet.at.Before(in.packet.at)) {
			from, in = c, c.inputs[0]
		}
	}
	return from, in
}
