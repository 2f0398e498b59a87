// Command gen writes templates.txt of package servertext from the message catalogs of an installed
// PostgreSQL 15:
//
//	go generate ./internal/servertext
//
// It guarantees that the file depends only on the English texts, which are the keys of the catalogs
// of all languages, and that it contains no text. With -check it writes nothing, and fails if the
// file is different. It must not know how texts are recognized. Start reading at run. catalog.go
// reads catalogs, holes.go says what fills the holes of a text.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pgpi/internal/servertext"
)

func main() {
	out := flag.String("o", "templates.txt", "the `file` to write or to check")
	check := flag.Bool("check", false, "only check that the file is what the catalogs say")
	catalogs := flag.String("catalogs", "/usr/share/locale/*/LC_MESSAGES/{postgres,plpgsql}-15.mo", "the message `catalogs`")
	flag.Parse()
	if err := run(*out, *check, *catalogs); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(out string, check bool, pattern string) error {
	files, err := find(pattern)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("find %s: there are none: install Debian's postgresql-15 with its translations", pattern)
	}
	texts, err := keys(files)
	if err != nil {
		return err
	}
	made := table(texts)
	if !check {
		return os.WriteFile(out, []byte(made), 0o644) //nolint:gosec // it is source code
	}
	there, err := os.ReadFile(out)
	if err != nil {
		return err
	}
	if string(there) != made {
		return errors.New("check " + out + ": it is not what the catalogs say: run go generate ./internal/servertext")
	}
	return nil
}

// find finds files by a pattern, which may have one list in braces.
func find(pattern string) ([]string, error) {
	before, rest, found := strings.Cut(pattern, "{")
	list, after, closed := strings.Cut(rest, "}")
	if !found || !closed {
		return filepath.Glob(pattern)
	}
	var all []string
	for one := range strings.SplitSeq(list, ",") {
		files, err := filepath.Glob(before + one + after)
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	return all, nil
}

// table returns the contents of the file for some texts.
func table(texts []string) string {
	var lines []string
	for _, text := range texts {
		fixed, holes := cut(text)
		if !counts(text, fixed, holes) {
			continue
		}
		lines = append(lines, servertext.Encode(fixed, holes)+"\n")
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "")
}
