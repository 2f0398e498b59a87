package insight

// Rules are all rules, in the order of docs/findings.md.
var Rules = []*Rule{
	&nplusone,
	&repeated,
	&duplicate,
	&failing,
	&serialization,
	&reparse,
	&neverReused,
	&uniqueSQL,
	&batchable,
	&abandoned,

	&chatty,
	&idle,
	&churn,
	&slowReader,
	&slow,
}
