package event

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// fill sets every field of a fact to something distinct. What a peer writes and
// what pgpi says by itself differ in their words.
func fill(f Fact) Fact {
	v := reflect.New(reflect.TypeOf(f)).Elem()
	for i := range v.NumField() {
		field := v.Field(i)
		if v.Type().Field(i).Anonymous {
			continue // what makes it a fact
		}
		switch field.Interface().(type) {
		case time.Time:
			field.Set(reflect.ValueOf(time.Date(2025, 7, 4, 14, 28, 59, 0, time.FixedZone("", 3600))))
			continue
		case Direction:
			field.Set(reflect.ValueOf(ServerToClient))
			continue
		}
		switch {
		case field.Kind() == reflect.String && v.Type().Field(i).Tag.Get("wrote") != "":
			field.SetString("canary " + v.Type().Field(i).Name)
		case field.Kind() == reflect.String:
			field.SetString("words " + v.Type().Field(i).Name)
		case field.CanInt():
			field.SetInt(int64(100 + i))
		default:
			field.SetUint(uint64(100 + i))
		}
	}
	filled, _ := v.Interface().(Fact)
	return filled
}

// Each fact has a key of its own, an origin, and a sentence with all of its fields in it.
func TestSentences(t *testing.T) {
	keys := map[string]bool{}
	for _, phrase := range Phrases() {
		zero := phrase.Fact
		f := fill(zero)
		key, sentence := Key(f), Sentence(f)
		if key == "" || keys[key] {
			t.Errorf("%T has the key %q", f, key)
		}
		keys[key] = true
		if o := OriginOf(f); o != Known && o != Derived {
			t.Errorf("%s is neither known nor derived", key)
		}
		if strings.ContainsAny(sentence, "{}") {
			t.Errorf("%s: %q has a field that its type has not", key, sentence)
		}
		if got, want := len(Arguments(f)), reflect.TypeOf(f).NumField()-1; got != want {
			t.Errorf("%s: the sentence has %d of %d fields", key, got, want)
		}
		for _, a := range Arguments(f) {
			if !strings.Contains(sentence, a.Text) {
				t.Errorf("%s: %q does not have %s, %q", key, sentence, a.Name, a.Text)
			}
		}
	}
}

// What is written as words and arguments is read back unchanged.
func TestParseFact(t *testing.T) {
	for _, phrase := range Phrases() {
		zero := phrase.Fact
		f := fill(zero)
		var texts []string
		for _, a := range Arguments(f) {
			texts = append(texts, a.Text)
		}
		got, err := ParseFact(Key(f), texts)
		if err != nil || Sentence(got) != Sentence(f) || fmt.Sprintf("%T", got) != fmt.Sprintf("%T", f) {
			t.Errorf("%s %q: %#v, %v, want %#v", Key(f), texts, got, err, f)
		}
		if _, err := ParseFact(Key(f), nil); err != nil {
			t.Errorf("%s without arguments: %v", Key(f), err)
		}
	}
	for _, test := range [][]string{{"unheard of"}, {"out_of_sync", "sideways"}, {"undecoded", "client -> server", "many"}, {"cancel", "one"}, {"opened", "yesterday"}} {
		if f, err := ParseFact(test[0], test[1:]); err == nil {
			t.Errorf("%q is read as %#v", test, f)
		}
	}
	if f, err := ParseFact("cut_off", []string{"client -> server", "7", "an unknown number of"}); err != nil || Sentence(f) != "client -> server: the last message was cut off after 7 of an unknown number of bytes" {
		t.Errorf("%#v, %v", f, err)
	}
}

// Redaction reaches every field that a peer wrote, and no other; the fact itself stays.
func TestReplaceWritten(t *testing.T) {
	written := 0
	for _, phrase := range Phrases() {
		zero := phrase.Fact
		f := fill(zero)
		before := Sentence(f)
		replaced := ReplaceWritten(f, func(w Written, text string) string {
			if w.By != Client && w.By != Server {
				t.Errorf("%s: a field is written by %q", Key(f), w.By)
			}
			written++
			return strings.ReplaceAll(text, "canary", "[redacted]")
		})
		if strings.Contains(Sentence(replaced), "canary") || strings.Contains(before, "canary") != strings.Contains(Sentence(replaced), "[redacted]") {
			t.Errorf("%s has become %q", before, Sentence(replaced))
		}
		if Sentence(f) != before {
			t.Errorf("%s has changed", before)
		}
	}
	if written == 0 {
		t.Error("no fact has a field that a peer wrote")
	}
	if ReplaceWritten(nil, nil) != nil {
		t.Error("there is no fact, and something of it is replaced")
	}
}

// The zero event says nothing.
func TestZero(t *testing.T) {
	var e Event
	if e.Kind != Nothing || Key(e.Fact) != "" || Sentence(e.Fact) != "" || OriginOf(e.Fact) != 0 {
		t.Errorf("the zero event says %q, %q", Key(e.Fact), Sentence(e.Fact))
	}
}

// What no log shows has no phrase, and is read back from a recording as it was.
func TestUnsaid(t *testing.T) {
	for _, f := range []Fact{Tick{}, Way{Party: Server, Takes: 11_900_000}} {
		var texts []string
		for _, a := range Arguments(f) {
			texts = append(texts, a.Text)
		}
		if got, err := ParseFact(Key(f), texts); err != nil || got != f {
			t.Errorf("%#v, %v, want %#v", got, err, f)
		}
		for _, phrase := range Phrases() {
			if OriginOf(f) != Unsaid || phrase.Key == Key(f) {
				t.Errorf("%T may be in a log", f)
			}
		}
		if e := (Event{Kind: Measured, Fact: f}); e.TakesNumber() || e.IsNothing() {
			t.Errorf("%T takes a number, or is nothing", f)
		}
	}
}
