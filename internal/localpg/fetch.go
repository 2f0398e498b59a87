package localpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// fetchLimit bounds a download of about 30 MB, including unpacking.
const fetchLimit = 10 * time.Minute

var fetchable = map[int]embeddedpostgres.PostgresVersion{
	10: embeddedpostgres.V10,
	11: embeddedpostgres.V11,
	12: embeddedpostgres.V12,
	13: embeddedpostgres.V13,
	14: embeddedpostgres.V14,
	15: embeddedpostgres.V15,
	16: embeddedpostgres.V16,
	17: embeddedpostgres.V17,
	18: embeddedpostgres.V18,
}

// Fetch downloads the server programs of a major version (10 to 18; 0 is 18) into the user's cache,
// where Find finds them too. It returns their folder. It announces the download in a line, and
// gives up after ten minutes. PGPI_POSTGRES_REPOSITORY names a mirror of the Maven repository that
// they come from.
func Fetch(ctx context.Context, version int, say func(string)) (string, error) {
	if version == 0 {
		version = 18
	}
	release, ok := fetchable[version]
	if !ok {
		return "", fmt.Errorf("download PostgreSQL %d: only 10 to 18 are available: install it yourself and set PGPI_POSTGRES_BIN", version)
	}
	home := filepath.Join(fetchedDir(), strconv.Itoa(version))
	bin := filepath.Join(home, "bin")
	if _, err := versionOf(bin); err == nil {
		return bin, nil
	}
	say(fmt.Sprintf("downloading PostgreSQL %s into %s (once, about 30 MB) ...", release, home))
	if err := fetch(ctx, release, home); err != nil {
		return "", fmt.Errorf("download PostgreSQL %s: %w: install PostgreSQL, or set PGPI_POSTGRES_BIN to the folder of initdb and postgres",
			release, err)
	}
	if _, err := versionOf(bin); err != nil {
		return "", fmt.Errorf("use the downloaded PostgreSQL %s: %w: remove %s and try again", release, err, home)
	}
	return bin, nil
}

// fetchedDir is where downloaded versions are kept, each in a folder named after its number. Root's
// own cache can't be used, because the server runs as another user, who may not enter it.
func fetchedDir() string {
	if os.Geteuid() == 0 {
		return "/var/cache/pgpi/postgres"
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	return filepath.Join(cache, "pgpi", "postgres")
}

// fetch unpacks a release next to home, and moves it there when it is complete.
func fetch(ctx context.Context, release embeddedpostgres.PostgresVersion, home string) error {
	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
		return err
	}
	stage, err := os.MkdirTemp(filepath.Dir(home), ".stage-")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, fetchLimit, fmt.Errorf("not done after %v", fetchLimit))
	defer cancel()
	// The library takes no context. At the limit we abandon its goroutine, which ends when its
	// download does.
	unpacked := make(chan error, 1)
	go func() {
		err := unpack(release, stage)
		if err == nil {
			err = os.RemoveAll(home)
		}
		if err == nil && ctx.Err() == nil {
			err = os.Rename(filepath.Join(stage, "postgres"), home)
		}
		unpacked <- errors.Join(err, os.RemoveAll(stage))
	}()
	select {
	case err := <-unpacked:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// unpack downloads a release and unpacks it into the folder postgres of stage.
//
// The library can only do that in Start, which then also initializes a cluster and runs it. We need
// it to stop before that (as root it could not continue anyway). So we name a data directory that
// looks initialized but is empty. Starting that fails at once, and this failure means that
// everything before it succeeded.
func unpack(release embeddedpostgres.PostgresVersion, stage string) error {
	data := filepath.Join(stage, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte(release), 0o600); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	config := embeddedpostgres.DefaultConfig().
		Version(release).
		Port(uint32(port)).
		CachePath(filepath.Join(stage, "archive")).
		RuntimePath(filepath.Join(stage, "run")).
		BinariesPath(filepath.Join(stage, "postgres")).
		DataPath(data).
		Logger(io.Discard)
	if mirror := os.Getenv("PGPI_POSTGRES_REPOSITORY"); mirror != "" {
		config = config.BinaryRepositoryURL(strings.TrimSuffix(mirror, "/"))
	}
	server := embeddedpostgres.NewDatabase(config)
	err = server.Start()
	if err == nil {
		return errors.Join(errors.New("an empty data directory was started"), server.Stop())
	}
	if strings.HasPrefix(err.Error(), "could not start postgres using") {
		return nil
	}
	return err
}
