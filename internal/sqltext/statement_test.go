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
