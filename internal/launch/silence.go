package launch

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// hostArgument matches arguments that name a server.
var hostArgument = regexp.MustCompile(`^(-h.*|--host(=.*)?|.*\bhost(addr)?=.*|(jdbc:)?postgres(ql)?(\+\w+)?:.*)$`)

// WhySilent returns possible reasons why a command that has ended made no connection through pgpi.
func WhySilent(t *Target, args []string) string {
	var reasons []string
	if slices.ContainsFunc(args[min(1, len(args)):], hostArgument.MatchString) {
		reasons = append(reasons, "one of its arguments seems to name a server, and pgpi does not change arguments: leave the host and port out")
	}
	if len(t.Unread) > 0 {
		reasons = append(reasons, "the environment has other Postgres URLs: try --url-env "+strings.Join(t.Unread, " --url-env "))
	}
	if name := filepath.Base(args[0]); name == "docker" || name == "podman" || name == "docker-compose" {
		reasons = append(reasons, "what runs in a container has an environment and a loopback address of its own")
	}
	if len(reasons) == 0 {
		reasons = append(reasons, "either it had nothing to ask, or it gets its server from something other than DATABASE_URL and the PG variables, "+
			"such as another variable (--url-env NAME), a file like .env, or its code")
	}
	return "the command made no connection through pgpi: " + strings.Join(reasons, "; ")
}
