package pgauth

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"
)

// SASL mechanisms of PostgreSQL servers.
const (
	mechanismPlain = "SCRAM-SHA-256"
	mechanismPlus  = "SCRAM-SHA-256-PLUS"
	mechanismOAuth = "OAUTHBEARER"
)

// maxIterations limits the work that a server can demand by its iteration count, to some seconds of
// one processor. Servers use 4096 unless scram_iterations says otherwise.
const maxIterations = 10_000_000

// saslStage is how far a SASL dialogue has come.
type saslStage int

const (
	saslNone      saslStage = iota // no AuthenticationSASL yet
	saslFirstSent                  // waiting for AuthenticationSASLContinue
	saslProofSent                  // waiting for AuthenticationSASLFinal
	saslDone                       // the server has proved that it knows the password
)

// startSASL chooses a mechanism and returns the body of the SASLInitialResponse.
func (e *Exchange) startSASL(data []byte) ([]byte, error) {
	if e.stage != saslNone {
		return nil, errors.New("begin SASL authentication: duplicate SASL authentication request from the server")
	}
	offered, err := parseMechanisms(data)
	if err != nil {
		return nil, err
	}
	e.mechanism, err = e.chooseMechanism(offered)
	if err != nil {
		return nil, err
	}
	e.conversation, err = e.newConversation()
	if err != nil {
		return nil, err
	}
	first, err := e.conversation.Step("")
	if err != nil {
		return nil, fmt.Errorf("begin SCRAM authentication: %w", err)
	}
	e.stage = saslFirstSent
	return saslInitialResponse(e.mechanism, first), nil
}

// parseMechanisms reads a list of NUL-terminated names, which an empty name ends.
func parseMechanisms(data []byte) ([]string, error) {
	var names []string
	for {
		name, rest, found := bytes.Cut(data, []byte{0})
		if !found {
			return nil, errors.New("begin SASL authentication: the server's list of mechanisms is malformed")
		}
		if len(name) == 0 {
			return names, nil
		}
		names = append(names, string(name))
		data = rest
	}
}

// chooseMechanism decides as libpq's pg_SASL_init does, with one exception. If the server leg has
// no TLS although the server believes it has, libpq always gives up; here the policy disable lets
// the login continue.
func (e *Exchange) chooseMechanism(offered []string) (string, error) {
	policy, encrypted := e.config.ChannelBinding, e.config.TLS != nil
	plus := slices.Contains(offered, mechanismPlus)
	switch {
	case policy == RequireBinding && !encrypted:
		return "", errors.New("channel binding required, but SSL not in use between pgpi and the server: " +
			"set --server-sslmode to require or more, or --server-channel-binding to prefer")
	case plus && !encrypted && policy != DisableBinding:
		return "", errors.New("server offered SCRAM-SHA-256-PLUS authentication over a non-SSL connection: " +
			"something between pgpi and the server ends TLS; set --server-channel-binding to disable if that is meant to be")
	case plus && policy != DisableBinding:
		return mechanismPlus, nil
	case policy == RequireBinding:
		return "", fmt.Errorf("channel binding is required, but server did not offer an authentication method that "+
			"supports channel binding: it offered %s", quoteNames(offered))
	case slices.Contains(offered, mechanismPlain):
		return mechanismPlain, nil
	case slices.Contains(offered, mechanismOAuth):
		return "", errors.New("choose a SASL mechanism: the server offers OAUTHBEARER, which is not supported with " +
			"--override-auth: let the client log in by itself")
	default:
		return "", fmt.Errorf("choose a SASL mechanism: none of the server's SASL authentication mechanisms are supported: "+
			"it offered %s", quoteNames(offered))
	}
}

func quoteNames(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	return strings.Join(quoted, ", ")
}

// newConversation prepares SCRAM with an empty user name, because the server uses that of the
// StartupMessage. The gs2 flag is the one that libpq sends: "p" with PLUS, else "y" over TLS unless
// binding is disabled, else "n".
func (e *Exchange) newConversation() (*scram.ClientConversation, error) {
	client, err := scram.SHA256.NewClientUnprepped("", prepare(e.config.Password), "")
	if err != nil {
		return nil, fmt.Errorf("begin SCRAM authentication: %w", err)
	}
	client = client.WithMinIterations(1)
	if e.nonce != nil {
		client = client.WithNonceGenerator(e.nonce)
	}
	switch {
	case e.mechanism == mechanismPlus:
		binding, err := e.endPointBinding()
		if err != nil {
			return nil, err
		}
		return client.NewConversationWithChannelBinding(binding), nil
	case e.config.TLS != nil && e.config.ChannelBinding != DisableBinding:
		return client.NewConversationAdvertisingChannelBinding(), nil
	default:
		return client.NewConversation(), nil
	}
}

// endPointBinding fails if the certificate has no tls-server-end-point. Falling back to SCRAM
// without PLUS, which the server offered, would let anybody with such a certificate switch channel
// binding off. libpq fails too.
func (e *Exchange) endPointBinding() (scram.ChannelBinding, error) {
	chain := e.config.TLS.PeerCertificates
	if len(chain) == 0 {
		return scram.ChannelBinding{}, errors.New("bind SCRAM to the TLS connection: the server presented no certificate")
	}
	hash, err := ServerEndPoint(chain[0])
	if err != nil {
		return scram.ChannelBinding{}, fmt.Errorf("bind SCRAM to the TLS connection: %w: "+
			"set --server-channel-binding to disable, or give the server an RSA or ECDSA certificate", err)
	}
	return scram.ChannelBinding{Type: scram.ChannelBindingTLSServerEndpoint, Data: hash}, nil
}

// continueSASL answers the server-first-message with the proof that we know the password.
func (e *Exchange) continueSASL(data []byte) ([]byte, error) {
	if e.stage != saslFirstSent {
		return nil, errors.New("continue SASL authentication: AuthenticationSASLContinue received from the server out of turn")
	}
	if err := checkServerFirst(string(data)); err != nil {
		return nil, fmt.Errorf("continue SCRAM authentication: %w", err)
	}
	final, err := e.conversation.Step(string(data))
	if err != nil {
		// After the check above, the only thing that the library quotes from a message is its salt.
		return nil, fmt.Errorf("continue SCRAM authentication: %w", err)
	}
	e.stage = saslProofSent
	return []byte(final), nil
}

// checkServerFirst checks the form of "r=nonce,s=salt,i=iterations", and how much work it demands.
func checkServerFirst(message string) error {
	fields := strings.Split(message, ",")
	if len(fields) < 3 || !strings.HasPrefix(fields[0], "r=") || !strings.HasPrefix(fields[1], "s=") ||
		!strings.HasPrefix(fields[2], "i=") {
		return errors.New("the server's first SCRAM message is malformed")
	}
	iterations, err := strconv.Atoi(fields[2][len("i="):])
	if err != nil || iterations < 1 {
		return fmt.Errorf("the server's SCRAM iteration count %q is not a positive number", fields[2][len("i="):])
	}
	if iterations > maxIterations {
		return fmt.Errorf("the server asks for %d SCRAM iterations, and pgpi does at most %d: "+
			"lower scram_iterations on the server and set the password again", iterations, maxIterations)
	}
	return nil
}

// finishSASL verifies the server's signature. The errors are our own: the library quotes malformed
// messages, and a signature allows guessing the password.
func (e *Exchange) finishSASL(data []byte) error {
	if e.stage != saslProofSent {
		return errors.New("finish SASL authentication: " +
			"AuthenticationSASLFinal received from server, but SASL authentication was not completed")
	}
	if reason, failed := strings.CutPrefix(string(data), "e="); failed {
		return fmt.Errorf("finish SCRAM authentication: the server reports %q", reason)
	}
	if _, err := e.conversation.Step(string(data)); err != nil || !e.conversation.Valid() {
		return errors.New("finish SCRAM authentication: incorrect server signature: " +
			"the server does not know the password it was asked to check, so it may not be the one it claims to be")
	}
	e.stage = saslDone
	return nil
}
