package compare

// Made is how a report was made, in the words of the options. Those that were not given are empty.
type Made struct {
	Filter string `json:"filter"`
	Since  string `json:"since"`
	Until  string `json:"until"`
	Redact string `json:"redact"`
	// ShapeRules is the version of the rules for shapes.
	ShapeRules string `json:"shape_rules"`
}

// Apart returns how the two reports are about other parts of the traffic, in a sentence. It is
// empty if they are not, or if the older report does not say which part it is about. Two spans of
// time are compared on purpose, so they are not worth a word.
func (d *Difference) Apart() string {
	was, is := d.Old.Made, d.New.Made
	switch {
	case was == nil || is == nil:
		return ""
	case was.Filter != is.Filter:
		return "the older report was made " + withFilter(was.Filter) + ", and this one " + withFilter(is.Filter) + ": give both the same"
	case was.bounded() && !is.bounded():
		return "the older report was made with --since or --until, and this one was not"
	case is.bounded() && !was.bounded():
		return "this report is made with --since or --until, and the older one was not"
	}
	return ""
}

func (m *Made) bounded() bool { return m.Since != "" || m.Until != "" }

func withFilter(expression string) string {
	if expression == "" {
		return "without --filter"
	}
	return "with --filter '" + expression + "'"
}

// Pseudonyms reports whether values were replaced by pseudonyms, which are others in each run.
func (r *Report) Pseudonyms() bool { return r.Made != nil && r.Made.Redact == "values" }
