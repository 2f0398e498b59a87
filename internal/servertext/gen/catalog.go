package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// keys returns the English texts of catalogs, each once and in order.
func keys(files []string) ([]string, error) {
	all := map[string]bool{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		texts, err := readCatalog(b)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		for _, text := range texts {
			all[text] = true
		}
	}
	delete(all, "") // the catalog's own header
	return slices.Sorted(maps.Keys(all)), nil
}

// magic is the beginning of a catalog whose integers are in the byte order of most machines (GNU
// gettext manual, section "The Format of GNU MO Files").
const magic = 0x950412de

var errCatalog = errors.New("it is not a message catalog")

// readCatalog returns the keys of a catalog. A key with a plural has both, one after the other.
func readCatalog(b []byte) (texts []string, err error) {
	number := func(at uint32) uint32 {
		if int64(at)+4 > int64(len(b)) {
			err = errCatalog
			return 0
		}
		return binary.LittleEndian.Uint32(b[at:])
	}
	if number(0) != magic {
		return nil, errCatalog
	}
	count, table := number(8), number(12)
	for i := range count {
		length, start := number(table+8*i), number(table+8*i+4)
		if err != nil || int64(start)+int64(length) > int64(len(b)) {
			return nil, errCatalog
		}
		key := string(b[start : start+length])
		if _, after, found := strings.Cut(key, "\x04"); found {
			key = after // before it is a context
		}
		texts = append(texts, strings.Split(key, "\x00")...)
	}
	return texts, err
}
