package launch

import (
	"path/filepath"
	"regexp"
	"strings"
)

// hostArgument finds arguments that name a server themselves.
var hostArgument = regexp.MustCompile(`^(-h.*|--host(=.*)?|.*\bhost(addr)?=.*|(jdbc:)?postgres(ql)?(\+\w+)?:.*)$`)

// WhySilent says, in whole sentences, why a command that has ended may have made
// no connection through pgpi.
func WhySilent(t *Target, args []string) string {
	reasons := []string{"The command made no connection through pgpi."}
	for _, arg := range args[min(1, len(args)):] {
		if hostArgument.MatchString(arg) {
			reasons = append(reasons, "An argument of it seems to name a server, and pgpi does not change arguments: leave the host and port out.")
			break
		}
	}
	if len(t.Unread) > 0 {
		reasons = append(reasons, "The environment has other Postgres URLs: try --url-env "+strings.Join(t.Unread, " --url-env ")+".")
	}
	if name := filepath.Base(args[0]); name == "docker" || name == "podman" || name == "docker-compose" {
		reasons = append(reasons, "What runs in a container has an environment and a loopback address of its own.")
	}
	if len(reasons) == 1 {
		reasons = append(reasons, "Either it had nothing to ask, or it takes its server from somewhere else than DATABASE_URL and the PG variables: "+
			"from another variable (--url-env NAME), a file such as .env, or its code.")
	}
	return strings.Join(reasons, " ")
}
