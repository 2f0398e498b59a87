package report

import (
	"net/url"
	"path"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// place is a line of a file.
type place struct {
	file string
	line int
}

// sourceOf returns the place in a program that the comments of the statement name. Files below the
// working directory are named as seen from there.
func (o *Options) sourceOf(f *event.Finding) (at place, ok bool) {
	file, line, ok := sqltext.SourceOf(f.Attributes)
	if !ok {
		return place{}, false
	}
	if inside, found := strings.CutPrefix(file, strings.TrimSuffix(o.Folder, "/")+"/"); found && o.Folder != "" && inside != "" {
		file = inside
	}
	return place{file, line}, true
}

// uriOf returns the reference to a file: relative to where the report is read, if the file is.
func uriOf(file string) string {
	file = strings.ReplaceAll(file, `\`, "/")
	reference := url.URL{Path: path.Clean(file)}
	switch {
	case strings.HasPrefix(reference.Path, "/"):
		reference.Scheme = "file"
	case isDrive(reference.Path):
		reference.Scheme, reference.Path = "file", "/"+reference.Path
	}
	return reference.String()
}

// isDrive reports whether a path begins with the letter of a drive, as in C:/app.
func isDrive(file string) bool {
	return len(file) > 2 && file[1:3] == ":/" && ('a' <= file[0]|0x20 && file[0]|0x20 <= 'z')
}
