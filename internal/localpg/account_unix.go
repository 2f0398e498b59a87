//go:build unix

package localpg

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that a server runs as. PostgreSQL refuses to run as root.
type account struct {
	name  string
	other *syscall.Credential // nil: the current user
}

// serverAccount returns the account with a name. If the name is empty, it returns the current user
// or, for root, postgres or else nobody.
func serverAccount(name string) (account, error) {
	if os.Geteuid() != 0 {
		if self, err := user.Current(); name != "" && (err != nil || self.Username != name) {
			return account{}, fmt.Errorf("run the server as user %s: only root can do that", name)
		}
		return account{}, nil
	}
	candidates := []string{name}
	if name == "" {
		candidates = []string{"postgres", "nobody"}
	}
	var err error
	for _, candidate := range candidates {
		var found *user.User
		if found, err = user.Lookup(candidate); err == nil {
			return otherAccount(found)
		}
	}
	return account{}, fmt.Errorf("choose a user to run the server as, because root can't: %w", err)
}

func otherAccount(found *user.User) (account, error) {
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("read the number of user %s: %w", found.Username, err)
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("read the group of user %s: %w", found.Username, err)
	}
	if uid == 0 {
		return account{}, fmt.Errorf("PostgreSQL refuses to run as %s: choose a user that is not root", found.Username)
	}
	return account{
		name:  found.Username,
		other: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)},
	}, nil
}

// runAs makes a command run as the account.
func (a account) runAs(cmd *exec.Cmd) {
	cmd.SysProcAttr.Credential = a.other
}

// chown makes the account the owner of a file that we made.
func (a account) chown(path string) error {
	if a.other == nil {
		return nil
	}
	return os.Chown(path, int(a.other.Uid), int(a.other.Gid))
}

// canEnter returns an error about the first folder on the way to path that the account may not
// enter. It looks at the permissions of owner and others, and ignores those of groups.
func (a account) canEnter(path string) error {
	if a.other == nil {
		return nil
	}
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	for folder := path; ; folder = filepath.Dir(folder) {
		info, err := os.Stat(folder)
		if err != nil {
			return err
		}
		owner := info.Sys().(*syscall.Stat_t).Uid
		if info.Mode()&0o001 == 0 && (owner != a.other.Uid || info.Mode()&0o100 == 0) {
			return fmt.Errorf("user %s, who runs the server, may not enter %s: use a folder elsewhere, or run pgpi as a user that is not root",
				a.name, folder)
		}
		if folder == filepath.Dir(folder) {
			return nil
		}
	}
}
