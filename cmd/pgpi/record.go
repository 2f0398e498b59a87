package main

import (
	"strings"

	"pgpi/internal/bus"
	"pgpi/internal/sink/pcapng"
)

type recordOptions struct {
	Record string `placeholder:"FILE" help:"Record everything, decrypted, in a pcapng file that Wireshark shows and pgpi read reads."`
	Force  bool   `negatable:"" help:"Overwrite a recording that exists."`
}

// outlets are where events go: the logs and the recording.
func outlets(o *options, logs []bus.Outlet) ([]bus.Outlet, error) {
	if o.Record.Record == "" {
		return logs, nil
	}
	sink, err := pcapng.New(pcapng.Options{
		Path: o.Record.Record, Overwrite: o.Record.Force, Redacted: o.Auth.RedactPasswords,
	})
	if err != nil {
		return nil, err
	}
	return append(logs, bus.Outlet{Name: "the recording", Sink: sink}), nil
}

// names lists outlets, for the user.
func names(outlets []bus.Outlet) string {
	all := make([]string, 0, len(outlets))
	for _, o := range outlets {
		all = append(all, o.Name)
	}
	return strings.Join(all, " and ")
}
