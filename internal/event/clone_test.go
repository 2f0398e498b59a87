package event_test

import (
	"reflect"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// TestClone fills every field that an event has, those of later versions included, and looks for
// memory that the copy shares with it.
func TestClone(t *testing.T) {
	t.Parallel()
	for _, kind := range []event.Kind{event.Said, event.Traffic, event.Fragment} {
		var e event.Event
		fill(t, reflect.ValueOf(&e).Elem())
		e.Kind = kind
		if kind == event.Traffic { // its messages tile its data
			e.Data = append(e.Data, e.Data...)
			for i := range e.Messages {
				n := len(e.Data) / len(e.Messages)
				e.Messages[i].Bytes = e.Data[i*n : (i+1)*n]
			}
		}
		own := e.Clone()
		if !reflect.DeepEqual(own, e) {
			t.Errorf("kind %d: the copy is %+v instead of %+v", kind, own, e)
		}
		separate(t, "Event", reflect.ValueOf(own), reflect.ValueOf(e))
		if last := own.Messages[len(own.Messages)-1].Bytes; kind == event.Traffic && &last[0] != &own.Data[len(own.Data)-len(last)] {
			t.Error("messages do not tile the copy's data")
		}
	}
	if own := new(event.Event).Clone(); !reflect.DeepEqual(own, event.Event{}) {
		t.Errorf("the copy of the zero event is %+v", own)
	}
}

// fill sets each part of a value to something that is not zero. Lists get two elements.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1, 2)))
			return
		}
		if v.Type() == reflect.TypeFor[wire.Copy]() {
			v.Field(0).SetUint(1) // it has fields of wire's own
			return
		}
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.Interface: // a fact
		v.Set(reflect.ValueOf(event.OutOfSync{Offset: 1}))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.String:
		v.SetString("words")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	default:
		t.Fatalf("fill does not know the kind %s", v.Kind())
	}
}

// separate looks for memory that two values share, snapshots aside.
func separate(t *testing.T, path string, a, b reflect.Value) {
	t.Helper()
	switch a.Kind() {
	case reflect.Struct:
		if a.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range a.NumField() {
			separate(t, path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
		}
	case reflect.Slice:
		if a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", path)
		}
		for i := range a.Len() {
			separate(t, path+"[]", a.Index(i), b.Index(i))
		}
	case reflect.Pointer, reflect.Map:
		switch name := a.Type().String(); name {
		case "*event.Context", "*event.Settings", "*event.Identity", "*event.Exchange", "*event.Finding":
		default:
			t.Errorf("%s is of type %s: say whether a copy shares it", path, name)
		}
	default: // it has no memory of its own
	}
}
