package messages

import (
	"fmt"
	"strings"

	"pgpi/internal/wire"
)

// notProvokable are the messages that nobody can be made to send here, with the reason.
var notProvokable = map[wire.Type]string{
	wire.Authentication:              "stands for a method that no documentation has",
	wire.AuthenticationKerberosV4:    "no server from 9.4 on sends it",
	wire.AuthenticationKerberosV5:    "no server from 9.4 on sends it",
	wire.AuthenticationCryptPassword: "no server from 9.4 on sends it",
	wire.AuthenticationSCMCredential: "no server from 9.4 on sends it",
	wire.AuthenticationGSSContinue:   "it takes a Kerberos realm",
	wire.AuthenticationSSPI:          "servers on Windows send it",
	wire.AuthenticationSHA256:        "openGauss sends it",
	wire.AuthenticationMD5SHA256:     "openGauss sends it",
	wire.AuthenticationSM3:           "openGauss sends it",
	wire.AuthenticationDigest:        "Redshift sends it",
	wire.AuthenticationToken:         "Redshift sends it, and openGauss",
	wire.HashPasswordMessage:         "clients of openGauss send it",
	wire.YbParameterStatus:           "YugabyteDB sends it to its connection manager",
	wire.CopyJSON:                    "servers from 19 on send it",
	wire.PrimaryStatusUpdate:         "servers from 19 on send it",
	wire.PrimaryStatusRequest:        "subscribers from 19 on send it",
}

// only lists the versions of servers for messages that need not be seen with both 15 and 18.
var only = map[wire.Type][]int{
	wire.AuthenticationGSS:  {15}, // 18 is installed without it
	wire.GSSResponse:        {15},
	wire.BackupTar:          {14},
	wire.BackupManifestData: {14},
	wire.UploadManifest:     {18},
	wire.HotStandbyFeedback: {15},
}

// Versions returns the versions of servers with which a message must be seen in a test. It returns
// none for a message that can't be provoked.
func Versions(t wire.Type) []int {
	if notProvokable[t] != "" {
		return nil
	}
	if versions := only[t]; versions != nil {
		return versions
	}
	return []int{15, 18}
}

// Seen returns the same in words.
func Seen(t wire.Type) string {
	var versions []string
	for _, v := range Versions(t) {
		versions = append(versions, fmt.Sprint(v))
	}
	if versions == nil {
		return "no: " + notProvokable[t]
	}
	return "PostgreSQL " + strings.Join(versions, ", ")
}
