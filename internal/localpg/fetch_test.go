//go:build unix

package localpg

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// fakeRelease returns a download as the repository has it: a zip file with a tar.xz file with the
// programs.
func fakeRelease(t *testing.T) []byte {
	t.Helper()
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"initdb", "postgres", "pg_ctl"} {
		script := "#!/bin/sh\necho 'postgres (PostgreSQL) 18.3'; exit 1\n"
		if err := os.WriteFile(filepath.Join(folder, "bin", name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := exec.LookPath("xz"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("xz is not installed")
		}
		t.Skip("xz is not installed: install it (xz-utils) to test downloads")
	}
	archive, err := exec.Command("tar", "-cJf", "-", "-C", folder, "bin").Output()
	if err != nil {
		t.Fatal(err)
	}
	var jar bytes.Buffer
	writer := zip.NewWriter(&jar)
	entry, err := writer.Create("postgres.txz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write(archive); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return jar.Bytes()
}

// repository serves a release and its checksum, and is the one that fetch asks.
func repository(t *testing.T, release []byte, checksum string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case release == nil:
			http.NotFound(w, r)
		case strings.HasSuffix(r.URL.Path, ".jar"):
			_, _ = w.Write(release)
		default:
			_, _ = w.Write([]byte(checksum))
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv("PGPI_POSTGRES_REPOSITORY", server.URL+"/")
}

func TestFetch(t *testing.T) {
	release := fakeRelease(t)
	checksum := fmt.Sprintf("%x", sha256.Sum256(release))
	for _, test := range []struct {
		name     string
		release  []byte
		checksum string
		want     string // of the error; empty: none
	}{
		{"complete", release, checksum, ""},
		{"no such release", nil, "", "no version found"},
		{"changed on the way", release, strings.Repeat("0", 64), "checksums do not match"},
		{"no archive", []byte("hello"), fmt.Sprintf("%x", sha256.Sum256([]byte("hello"))), "not a valid zip file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			repository(t, test.release, test.checksum)
			cache := t.TempDir()
			home := filepath.Join(cache, "18")
			err := fetch(t.Context(), embeddedpostgres.V18, home)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %q", err, test.want)
				}
			} else if err != nil {
				t.Error(err)
			}
			left, err := os.ReadDir(cache)
			if err != nil {
				t.Fatal(err)
			}
			if complete := test.want == ""; complete != (len(left) == 1 && left[0].Name() == "18") {
				t.Errorf("the cache has %v", left)
			}
			if test.want == "" {
				if info, err := os.Stat(filepath.Join(home, "bin", "postgres")); err != nil || info.Mode()&0o111 == 0 {
					t.Errorf("postgres can't be run: %v, %v", info, err)
				}
			}
		})
	}
}

// A download that hangs ends with the context, and what it leaves behind goes when it does.
func TestFetchCancelled(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	tell := sync.OnceFunc(func() { close(asked) })
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		tell()
		<-release
	}))
	t.Cleanup(server.Close)
	t.Setenv("PGPI_POSTGRES_REPOSITORY", server.URL)
	cache := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if err := fetch(ctx, embeddedpostgres.V18, filepath.Join(cache, "18")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(release)
	for limit := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		left, err := os.ReadDir(cache)
		if err == nil && len(left) == 0 {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("left behind: %v, %v", left, err)
		}
	}
}

func TestFetchUnknown(t *testing.T) {
	_, err := Fetch(t.Context(), 9, func(string) { t.Error("a download is announced") })
	if err == nil || !strings.Contains(err.Error(), "only 10 to 18") {
		t.Errorf("got %v", err)
	}
}
