package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/term"

	"pgpi/internal/bus"
	"pgpi/internal/sink/text"
)

// output is where the log goes.
type output struct {
	name string
	sink bus.Sink
}

// openLog opens the log, on a standard stream or in a file that only its owner can
// read.
func openLog(o *options, stream *os.File, closers *closers) (output, error) {
	file, name := stream, "standard output"
	if stream == os.Stderr {
		name = "standard error"
	}
	if o.Log.LogFile != "" {
		var err error
		file, err = os.OpenFile(o.Log.LogFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			if path, ok := errors.AsType[*fs.PathError](err); ok {
				err = path.Err
			}
			return output{}, fmt.Errorf("open the log %s: %w: give --log-file a place where you may write", o.Log.LogFile, err)
		}
		closers.add(file.Close)
		name = o.Log.LogFile
	}
	return output{name, text.New(file, textOptions(o, file))}, nil
}

func textOptions(o *options, file *os.File) text.Options {
	options := text.Options{MaxValue: o.Log.LogMaxValue, Color: useColor(o.Log.Bw, file)}
	switch o.Log.LogForwarded {
	case "raw":
		options.Mode = text.Raw
	case "none":
		options.Mode = text.None
	}
	switch o.Log.LogTime {
	case "relative":
		options.Time = text.Relative
	case "iso":
		options.Time = text.ISO
	case "none":
		options.Time = text.NoTime
	}
	return options
}

// useColor decides by --bw, else by NO_COLOR (no-color.org), else by whether a person
// looks.
func useColor(bw *bool, file *os.File) bool {
	if bw != nil {
		return !*bw
	}
	return os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(file.Fd()))
}
