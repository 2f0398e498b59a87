package sqltext

import "testing"

func TestKeepsTransaction(t *testing.T) {
	for sql, want := range map[string]bool{
		"commit": false, "END work": false, "rollback": false, "prepare transaction 'to'": false, `commit -- to`: false, "commit and no chain": false,
		"rollback to p": true, `ROLLBACK/* */WORK TO SAVEPOINT "p"`: true, "commit and chain": true, "rollback transaction and chain;": true,
	} {
		if got := KeepsTransaction(sql, Settings{}); got != want {
			t.Errorf("%s: %v", sql, got)
		}
	}
}

func TestControlsTransaction(t *testing.T) {
	for sql, want := range map[string]bool{
		"begin": true, "BEGIN;": true, "begin read only": true, "start transaction": true, "-- x\ncommit": true, "end": true, "abort": true,
		"rollback to p": true, "savepoint p": true, "release p": true, "prepare transaction 'x'": true,
		"": false, "start": false, "prepare x as select 1": false, "select 1": false, "begin; select 1": false, "commit; begin": false, "beginning": false,
	} {
		if got := ControlsTransaction(sql, Settings{}); got != want {
			t.Errorf("%s: %v", sql, got)
		}
	}
}
