package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"pgpi/internal/bus"
	"pgpi/internal/event"
	"pgpi/internal/filter"
	"pgpi/internal/sink/jsonl"
	"pgpi/internal/sink/pqtrace"
	"pgpi/internal/sink/text"
)

type logOptions struct {
	LogForwarded string        `placeholder:"FORMAT" default:"" enum:",${formats}" help:"How to log what is forwarded: queries, a line for each statement; annotated, every byte explained; raw, none, json, or as libpq traces it, pqtrace or pqtrace-regress (default: ${logformat})."`
	LogFile      string        `placeholder:"FILE" help:"Append the log to a file instead of showing it."`
	Log          []string      `placeholder:"FORMAT=FILE" sep:"none" help:"Append a log to a file, or to standard output for -, instead of --log-forwarded and --log-file; may be repeated, or several given with commas between them. --log none writes no log at all."`
	Filter       string        `placeholder:"EXPR" help:"Log, report and judge only what an expression is true of, such as 'sqlstate startsWith \"40\"' (see docs/filter.md)."`
	LogTime      string        `placeholder:"HOW" default:"short" enum:"short,relative,iso,none" help:"Times in the log: short, relative (microseconds), iso or none (default: ${default})."`
	LogMaxValue  int           `placeholder:"BYTES" default:"1024" help:"Shorten longer column and parameter values in the log; 0 for none (default: ${default})."`
	Slow         time.Duration `placeholder:"TIME" help:"In queries, mark what takes that long, such as 100ms; rule slow finds it."`
	LogOverflow  string        `placeholder:"HOW" default:"wait" enum:"wait,drop" help:"What to do when the log can't be written fast enough: let the traffic wait, or drop the oldest (default: ${default})."`
	LogCerts     bool          `negatable:"" help:"Log the certificates of TLS connections."`
	Bw           *bool         `negatable:"" help:"Black and white, even on a terminal; --no-bw for colors everywhere (default: by terminal and NO_COLOR)."`

	// nowhere is set if there is no log at all.
	nowhere bool
	// findings is which formats show findings, or 0 if none does.
	findings showing
	// byDefault is the command's format if none is named.
	byDefault string
}

// AfterApply remembers the command's own default, which a tag could not distinguish from a format
// that was named.
func (l *logOptions) AfterApply(vars kong.Vars) error { //nolint:unparam // kong wants the result
	l.byDefault = vars["logformat"]
	return nil
}

// format is a way to write the log.
type format struct {
	name string
	// wants is what the sink shows, and findings when it shows findings besides. speaks is set if it
	// has what pgpi itself says, such as where it listens.
	wants    bus.Want
	findings showing
	speaks   bool
	sink     func(l *logOptions, file *os.File) bus.Sink
}

// formats are the formats of --log-forwarded and --log.
var formats = []format{
	{"queries", bus.Exchanges, always, true, textSink(text.Queries)},
	{"annotated", bus.Messages, ifAsked, true, textSink(text.Annotated)},
	{"raw", bus.Messages, never, true, textSink(text.Raw)},
	{"none", bus.Facts, never, true, textSink(text.None)},
	{"json", bus.Messages | bus.Exchanges | bus.Shapes, always, true, jsonSink},
	{"pqtrace", bus.Messages, never, false, pqtraceSink(false)},
	{"pqtrace-regress", bus.Messages, never, false, pqtraceSink(true)},
}

func textSink(mode text.Mode) func(*logOptions, *os.File) bus.Sink {
	return func(l *logOptions, file *os.File) bus.Sink {
		options := text.Options{Mode: mode, MaxValue: l.LogMaxValue, Color: useColor(l.Bw, file), Slow: l.Slow, Findings: l.findings == ifAsked}
		if term.IsTerminal(int(file.Fd())) {
			options.Width = func() int { return terminalWidth(file) }
		}
		switch l.LogTime {
		case "relative":
			options.Time = text.Relative
		case "iso":
			options.Time = text.ISO
		case "none":
			options.Time = text.NoTime
		}
		return text.New(file, options)
	}
}

// terminalWidth returns how many columns a terminal has, or 0 if that is not known.
func terminalWidth(file *os.File) int {
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

func jsonSink(l *logOptions, file *os.File) bus.Sink {
	return jsonl.New(file, jsonl.Options{MaxValue: l.LogMaxValue})
}

func pqtraceSink(regress bool) func(*logOptions, *os.File) bus.Sink {
	return func(l *logOptions, file *os.File) bus.Sink {
		return pqtrace.New(file, pqtrace.Options{Regress: regress, NoTimes: l.LogTime == "none"})
	}
}

// useColor decides by --bw, or else by NO_COLOR (no-color.org), or else by whether a person is
// watching.
func useColor(bw *bool, file *os.File) bool {
	if bw != nil {
		return !*bw
	}
	return os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(file.Fd()))
}

// output is one log that the user wants.
type output struct {
	option string // the option that says so
	format format
	path   string // standardOutput, or empty for where the log goes by default
}

// standardOutput and standardInput are the path that means a standard stream.
const (
	standardOutput = "-"
	standardInput  = "-"
)

// outputs returns those of all --log options, or the one of the short form.
func (l *logOptions) outputs() ([]output, error) {
	if l.nowhere {
		return nil, nil
	}
	if len(l.Log) == 0 {
		f, err := formatNamed(cmp.Or(l.LogForwarded, l.byDefault))
		return []output{{"--log-file", f, l.LogFile}}, err
	}
	if l.LogForwarded != "" || l.LogFile != "" {
		return nil, errors.New("--log and --log-forwarded or --log-file: give --log alone, as in --log annotated=FILE")
	}
	given := splitOutputs(l.Log)
	if slices.Contains(given, noLog) {
		if len(given) > 1 {
			return nil, errors.New("--log: none and other logs: give none alone")
		}
		return nil, nil
	}
	all := make([]output, 0, len(given))
	for _, text := range given {
		f, path, err := readOutput(text)
		if err != nil {
			return nil, fmt.Errorf("--log: %w", err)
		}
		if slices.ContainsFunc(all, func(o output) bool { return sameFile(o.path, path) }) {
			return nil, fmt.Errorf("--log: two outputs go to %s: give each a file of its own", path)
		}
		all = append(all, output{"--log", f, path})
	}
	return all, nil
}

// noLog is what --log has if there is to be no log at all. The format of the same name has what pgpi
// itself says, and so needs a file.
const noLog = "none"

// readOutput reads what --log has: a format and a file.
func readOutput(text string) (f format, path string, err error) {
	name, path, _ := strings.Cut(text, "=")
	f, err = formatNamed(name)
	switch {
	case path != "":
		return f, path, err
	case err != nil:
		return f, "", fmt.Errorf("%q names no format: give FORMAT=FILE, such as queries=pgpi.log", text)
	}
	return f, "", fmt.Errorf("%q names no file: give %s=FILE, or --log-forwarded %s alone", text, name, name)
}

// nextOutput begins another output after a comma. Other commas are part of a file's name.
var nextOutput = regexp.MustCompile(`,[a-z-]+=`)

// splitOutputs splits outputs that were given together, as in a variable.
func splitOutputs(given []string) (outputs []string) {
	for _, text := range given {
		start := 0
		for _, comma := range nextOutput.FindAllStringIndex(text, -1) {
			outputs = append(outputs, text[start:comma[0]])
			start = comma[0] + 1
		}
		outputs = append(outputs, text[start:])
	}
	return outputs
}

// check finds what is wrong with options that are each valid by themselves.
func (l *logOptions) check() error {
	if l.LogMaxValue < 0 {
		return errors.New("--log-max-value: give a number of bytes, or 0 to shorten nothing")
	}
	if l.Slow < 0 {
		return errors.New("--slow: give a duration above 0, such as 100ms")
	}
	if _, err := l.filter(); err != nil {
		return err
	}
	_, err := l.outputs()
	return err
}

// filter returns what is before each output, or nil for nothing.
func (l *logOptions) filter() (*filter.Filter, error) {
	if l.Filter == "" {
		return nil, nil //nolint:nilnil // no expression, no filter
	}
	f, err := filter.Compile(l.Filter)
	if err != nil {
		return nil, fmt.Errorf("--filter: %w", err)
	}
	return f, nil
}

func formatNamed(name string) (format, error) {
	i := slices.IndexFunc(formats, func(f format) bool { return f.name == name })
	if i < 0 {
		return format{}, fmt.Errorf("%q is unknown: give %s", name, event.List(formatNames(), "or"))
	}
	return formats[i], nil
}

func formatNames() []string {
	names := make([]string, 0, len(formats))
	for i := range formats {
		names = append(names, formats[i].name)
	}
	return names
}

// announcement returns where pgpi listens and where the logs go, for a person. It is empty if
// standard output shows that.
func (l *logOptions) announcement(address string) string {
	all, _ := l.outputs() // the options were checked
	var files []string
	for _, out := range all {
		switch {
		case out.path != "" && out.path != standardOutput:
			files = append(files, out.path)
		case out.format.speaks && l.Filter == "":
			return ""
		}
	}
	text := "listening on " + address
	switch len(files) {
	case 0:
	case 1:
		text += ", the log goes to " + files[0]
	default:
		text += ", the logs go to " + strings.Join(files, " and ")
	}
	return text
}

// openLogs opens all outputs: standard streams, or files that only their owner can read. chosen is
// --filter, or nil. What can't be computed in it later is passed to complain.
func openLogs(l *logOptions, chosen *filter.Filter, stream *os.File, closers *closers, complain func(error)) ([]bus.Outlet, error) {
	outputs, err := l.outputs()
	if err != nil {
		return nil, err
	}
	logs := make([]bus.Outlet, 0, len(outputs))
	var opened []os.FileInfo
	for _, out := range outputs {
		file, name, err := openOutput(out, stream, closers)
		if err != nil {
			return nil, err
		}
		info, err := file.Stat()
		if err != nil {
			return nil, fmt.Errorf("open the log %s: %w", name, err)
		}
		if slices.ContainsFunc(opened, func(other os.FileInfo) bool { return os.SameFile(info, other) }) {
			return nil, fmt.Errorf("open the log %s: another output goes to the same file: give each a file of its own", name)
		}
		opened = append(opened, info)
		sink, wants := out.format.sink(l, file), out.format.wants
		if l.findings >= out.format.findings {
			wants |= bus.Findings
		}
		if chosen != nil {
			sink = chosen.New(sink, wants.Includes(bus.Exchanges), complain)
			wants |= asksFor(chosen)
		}
		logs = append(logs, bus.Outlet{Name: "the log to " + name, Sink: sink, Wants: wants, Drop: l.LogOverflow == "drop"})
	}
	return logs, nil
}

// asksFor returns what an expression must see.
func asksFor(expression *filter.Filter) (wants bus.Want) {
	if expression.AsksForSums() {
		wants |= bus.Exchanges
	}
	if expression.AsksForRows() {
		wants |= bus.Messages
	}
	if expression.AsksForShapes() {
		wants |= bus.Shapes
	}
	return wants
}

// openOutput opens one output, and returns its name for messages to the user.
func openOutput(out output, stream *os.File, closers *closers) (file *os.File, name string, err error) {
	switch {
	case out.path == standardOutput:
		return os.Stdout, "standard output", nil
	case out.path == "" && stream == os.Stderr:
		return stream, "standard error", nil
	case out.path == "":
		return stream, "standard output", nil
	}
	file, err = os.OpenFile(out.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, "", fmt.Errorf("open the log %s: %w: choose a place for %s where you may write", out.path, withoutPath(err), out.option)
	}
	closers.add(file.Close)
	return file, out.path, nil
}

// behind tells the user about a log that can't be written fast enough.
func (l *logOptions) behind(outlet string) {
	what := "connections wait for it; --log-overflow drop would drop the oldest of it instead"
	if l.LogOverflow == "drop" {
		what = "the oldest of it is dropped"
	}
	complain(fmt.Errorf("%s can't be written fast enough: %s", outlet, what))
}

// withoutPath returns what went wrong with a file, for errors that name the file themselves.
func withoutPath(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
