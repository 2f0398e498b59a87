package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"pgpi/internal/bus"
	"pgpi/internal/filter"
	"pgpi/internal/sink/pcapng"
)

type recordOptions struct {
	Record       string   `placeholder:"FILE" help:"Record everything, decrypted, in a pcapng file that Wireshark shows and pgpi read reads, or on standard output for -."`
	RecordFilter string   `placeholder:"EXPR" help:"Record only the connections that an expression over user, database, app and client is true of, such as 'user == \"bob\"' (see docs/recordings.md)."`
	RecordRotate byteSize `placeholder:"SIZE" help:"Begin another file when one has this size, such as 100MB; a number is put into their names."`
	RecordFiles  int      `placeholder:"N" help:"Keep this many files of a recording, and remove older ones (default: all)."`
	Force        bool     `negatable:"" help:"Overwrite a recording that exists."`
}

// byteSize is a number of bytes, which users write with a unit.
type byteSize int64

// units of sizes, longest first.
var units = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {"B", 1}, {"", 1}}

// Decode reads a size, for kong.
func (s *byteSize) Decode(ctx *kong.DecodeContext) error {
	text := ctx.Scan.Pop().String()
	for _, unit := range units {
		digits, found := strings.CutSuffix(text, unit.name)
		if !found {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 1 || n > math.MaxInt64/unit.bytes {
			break
		}
		*s = byteSize(n * unit.bytes)
		return nil
	}
	return fmt.Errorf("%q is not a size: give a number of bytes, or one with a unit, such as 100MB", text)
}

// check finds what is wrong with options that are each valid by themselves.
func (o *recordOptions) check() error {
	if _, err := o.filter(); err != nil {
		return err
	}
	switch {
	case o.RecordFilter != "" && o.Record == "":
		return errors.New("--record-filter: give --record too, the name of the file")
	case o.RecordFiles < 0:
		return errors.New("--record-files: give a number above 0")
	case o.RecordFiles > 0 && o.RecordRotate == 0:
		return errors.New("--record-files: give --record-rotate too, which begins another file")
	case o.RecordRotate > 0 && o.Record == "":
		return errors.New("--record-rotate: give --record too, the name of the files")
	case o.RecordRotate > 0 && o.Record == standardOutput:
		return errors.New("--record-rotate: standard output is one file: name one with --record")
	case o.Record == standardOutput && term.IsTerminal(int(os.Stdout.Fd())):
		return errors.New("--record: standard output is a terminal: name a file, or pass it on to a program")
	case o.RecordRotate > 0 && o.RecordRotate < minRotate:
		return fmt.Errorf("--record-rotate: %d bytes are too few for a file: give %d or more", o.RecordRotate, minRotate)
	}
	return nil
}

// filter returns the filter of recorded connections, or nil for all.
func (o *recordOptions) filter() (*filter.Connections, error) {
	if o.RecordFilter == "" {
		return nil, nil //nolint:nilnil // no expression, no filter
	}
	f, err := filter.CompileConnections(o.RecordFilter)
	if err != nil {
		return nil, fmt.Errorf("--record-filter: %w", err)
	}
	return f, nil
}

// minRotate is the minimal size of a file: each repeats what is known about connections.
const minRotate = 64 << 10

// pcapng returns the settings of the file.
func (o *recordOptions) pcapng() pcapng.Options {
	if o.Record == standardOutput {
		return pcapng.Options{Path: "on standard output", File: os.Stdout}
	}
	return pcapng.Options{Path: o.Record, Overwrite: o.Force, Rotate: int64(o.RecordRotate), Files: o.RecordFiles}
}

// open begins the recording, an outlet. What is wrong with its filter later is passed to complain.
func (o *recordOptions) open(redacted bool, complain func(error)) (bus.Outlet, error) {
	chosen, err := o.filter()
	if err != nil {
		return bus.Outlet{}, err
	}
	settings := o.pcapng()
	settings.Redacted = redacted
	file, err := pcapng.New(settings)
	if err != nil {
		return bus.Outlet{}, err
	}
	var sink bus.Sink = file
	if chosen != nil {
		sink = chosen.New(file, func(err error) { complain(fmt.Errorf("--record-filter: %w", err)) })
	}
	return bus.Outlet{Name: "the recording", Sink: sink, Wants: bus.Traffic, Repeated: true}, nil
}
