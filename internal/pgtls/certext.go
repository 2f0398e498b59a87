package pgtls

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"
)

// extensionNames are OpenSSL's titles for the extensions that are decoded.
var extensionNames = map[string]string{
	"2.5.29.14":               "X509v3 Subject Key Identifier",
	"2.5.29.15":               "X509v3 Key Usage",
	"2.5.29.17":               "X509v3 Subject Alternative Name",
	"2.5.29.19":               "X509v3 Basic Constraints",
	"2.5.29.31":               "X509v3 CRL Distribution Points",
	"2.5.29.32":               "X509v3 Certificate Policies",
	"2.5.29.35":               "X509v3 Authority Key Identifier",
	"2.5.29.37":               "X509v3 Extended Key Usage",
	"1.3.6.1.5.5.7.1.1":       "Authority Information Access",
	"1.3.6.1.4.1.11129.2.4.2": "CT Precertificate SCTs",
}

// extension writes one extension. What can't be decoded is written as openssl writes an unknown
// extension.
func (t *textWriter) extension(cert *x509.Certificate, extension pkix.Extension) {
	oid := extension.Id.String()
	title, ok := extensionNames[oid]
	if !ok {
		title = oid
	}
	if extension.Critical {
		t.line(12, "%s: critical", title)
	} else {
		t.line(12, "%s:", title)
	}
	for _, line := range extensionLines(cert, oid, extension.Value) {
		t.line(16, "%s", line)
	}
}

func extensionLines(cert *x509.Certificate, oid string, value []byte) []string {
	var lines []string
	switch oid {
	case "2.5.29.14":
		lines = []string{strings.ToUpper(colonHex(cert.SubjectKeyId))}
	case "2.5.29.15":
		lines = []string{keyUsage(cert.KeyUsage)}
	case "2.5.29.17":
		lines = []string{generalNames(value)}
	case "2.5.29.19":
		lines = []string{basicConstraints(cert)}
	case "2.5.29.31":
		for _, uri := range cert.CRLDistributionPoints {
			lines = append(lines, "Full Name:", "  URI:"+escape(uri))
		}
	case "2.5.29.32":
		lines = policies(value)
	case "2.5.29.35":
		lines = authorityKey(value)
	case "2.5.29.37":
		lines = []string{extendedKeyUsage(value)}
	case "1.3.6.1.5.5.7.1.1":
		lines = authorityInformation(value)
	case "1.3.6.1.4.1.11129.2.4.2":
		lines = timestamps(value)
	}
	if len(lines) == 0 || lines[0] == "" {
		return []string{dotted(value)}
	}
	return lines
}

// keyUsageNames are in the order of the bits: RFC 5280, section 4.2.1.3.
var keyUsageNames = []string{
	"Digital Signature", "Non Repudiation", "Key Encipherment", "Data Encipherment", "Key Agreement",
	"Certificate Sign", "CRL Sign", "Encipher Only", "Decipher Only",
}

func keyUsage(usage x509.KeyUsage) string {
	var names []string
	for i, name := range keyUsageNames {
		if usage&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func basicConstraints(cert *x509.Certificate) string {
	switch {
	case !cert.IsCA:
		return "CA:FALSE"
	case cert.MaxPathLen > 0 || cert.MaxPathLenZero:
		return fmt.Sprintf("CA:TRUE, pathlen:%d", cert.MaxPathLen)
	default:
		return "CA:TRUE"
	}
}

var extendedKeyUsageNames = map[string]string{
	"1.3.6.1.5.5.7.3.1": "TLS Web Server Authentication",
	"1.3.6.1.5.5.7.3.2": "TLS Web Client Authentication",
	"1.3.6.1.5.5.7.3.3": "Code Signing",
	"1.3.6.1.5.5.7.3.4": "E-mail Protection",
	"1.3.6.1.5.5.7.3.8": "Time Stamping",
	"1.3.6.1.5.5.7.3.9": "OCSP Signing",
	"2.5.29.37.0":       "Any Extended Key Usage",
}

func extendedKeyUsage(value []byte) string {
	var oids []asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(value, &oids); err != nil {
		return ""
	}
	var names []string
	for _, oid := range oids {
		name, ok := extendedKeyUsageNames[oid.String()]
		if !ok {
			name = oid.String()
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func generalNames(value []byte) string {
	var raw []asn1.RawValue
	if _, err := asn1.Unmarshal(value, &raw); err != nil {
		return ""
	}
	var names []string
	for _, name := range raw {
		names = append(names, generalName(name))
	}
	return strings.Join(names, ", ")
}

// generalName returns a GeneralName as text: RFC 5280, section 4.2.1.6.
func generalName(name asn1.RawValue) string {
	switch name.Tag {
	case 1:
		return "email:" + escape(string(name.Bytes))
	case 2:
		return "DNS:" + escape(string(name.Bytes))
	case 4:
		return "DirName:" + nameText(name.Bytes)
	case 6:
		return "URI:" + escape(string(name.Bytes))
	case 7:
		return "IP Address:" + ipText(name.Bytes)
	default:
		return "othername:<unsupported>"
	}
}

// ipText returns an address as OpenSSL writes it, which does not shorten IPv6.
func ipText(ip []byte) string {
	if len(ip) != net.IPv6len {
		return net.IP(ip).String()
	}
	var groups []string
	for ; len(ip) > 0; ip = ip[2:] {
		groups = append(groups, fmt.Sprintf("%X", binary.BigEndian.Uint16(ip)))
	}
	return strings.Join(groups, ":")
}

// authorityKeyID is how to find the issuer's certificate: RFC 5280, section 4.2.1.1.
type authorityKeyID struct {
	Key    []byte          `asn1:"optional,tag:0"`
	Issuer []asn1.RawValue `asn1:"optional,tag:1"`
	Serial *big.Int        `asn1:"optional,tag:2"`
}

func authorityKey(value []byte) []string {
	var id authorityKeyID
	if _, err := asn1.Unmarshal(value, &id); err != nil {
		return nil
	}
	key := strings.ToUpper(colonHex(id.Key))
	if len(id.Issuer) == 0 && id.Serial == nil {
		return []string{key}
	}
	var lines []string
	if key != "" {
		lines = append(lines, "keyid:"+key)
	}
	for _, name := range id.Issuer {
		lines = append(lines, generalName(name))
	}
	if id.Serial != nil {
		lines = append(lines, "serial:"+strings.ToUpper(colonHex(id.Serial.Bytes())))
	}
	return lines
}

func authorityInformation(value []byte) []string {
	var access []struct {
		Method   asn1.ObjectIdentifier
		Location asn1.RawValue
	}
	if _, err := asn1.Unmarshal(value, &access); err != nil {
		return nil
	}
	var lines []string
	for _, a := range access {
		method := a.Method.String()
		switch method {
		case "1.3.6.1.5.5.7.48.1":
			method = "OCSP"
		case "1.3.6.1.5.5.7.48.2":
			method = "CA Issuers"
		}
		lines = append(lines, method+" - "+generalName(a.Location))
	}
	return lines
}

func policies(value []byte) []string {
	var infos []struct {
		Policy     asn1.ObjectIdentifier
		Qualifiers []struct {
			ID    asn1.ObjectIdentifier
			Value asn1.RawValue
		} `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(value, &infos); err != nil {
		return nil
	}
	var lines []string
	for _, info := range infos {
		policy := info.Policy.String()
		if policy == "2.5.29.32.0" {
			policy = "X509v3 Any Policy"
		}
		lines = append(lines, "Policy: "+policy)
		for _, qualifier := range info.Qualifiers {
			if qualifier.ID.String() == "1.3.6.1.5.5.7.2.1" {
				lines = append(lines, "  CPS: "+escape(string(qualifier.Value.Bytes)))
			}
		}
	}
	return lines
}

// timestamps returns the signed certificate timestamps of RFC 6962, section 3.3. Almost every
// public certificate has some. It returns nil if the value does not follow that section.
func timestamps(value []byte) []string {
	var list []byte
	if _, err := asn1.Unmarshal(value, &list); err != nil {
		return nil
	}
	list, rest, ok := cutVector(list)
	if !ok || len(rest) > 0 {
		return nil
	}
	var lines []string
	for len(list) > 0 {
		var sct []byte
		if sct, list, ok = cutVector(list); !ok {
			return nil
		}
		text := timestamp(sct)
		if text == nil {
			return nil
		}
		lines = append(lines, text...)
	}
	return lines
}

// timestamp returns one SCT as text: version (1 byte), log ID (32), milliseconds since 1970 (8),
// extensions (vector), hash and signature algorithm (1 each), signature (vector).
func timestamp(sct []byte) []string {
	const head = 1 + 32 + 8
	if len(sct) < head || sct[0] != 0 {
		return nil
	}
	id, millis := strings.ToUpper(colonHex(sct[1:33])), binary.BigEndian.Uint64(sct[33:head])
	extensions, rest, ok := cutVector(sct[head:])
	if !ok || len(rest) < 2 {
		return nil
	}
	algorithm := map[[2]byte]string{{4, 1}: "sha256WithRSAEncryption", {4, 3}: "ecdsa-with-SHA256"}[[2]byte(rest)]
	signature, rest, ok := cutVector(rest[2:])
	if !ok || len(rest) > 0 {
		return nil
	}
	at := "none"
	if len(extensions) > 0 {
		at = strings.ToUpper(colonHex(extensions))
	}
	when := time.UnixMilli(int64(millis & (1<<63 - 1))).UTC()
	const half = 16*3 - 1 // sixteen bytes per line
	lines := []string{
		"Signed Certificate Timestamp:",
		"    Version   : v1 (0x0)",
		"    Log ID    : " + id[:half+1],
		"                " + id[half+1:],
		"    Timestamp : " + when.Format("Jan _2 15:04:05.000 2006 GMT"),
		"    Extensions: " + at,
		"    Signature : " + algorithm,
	}
	for ; len(signature) > 16; signature = signature[16:] {
		lines = append(lines, "                "+strings.ToUpper(colonHex(signature[:16]))+":")
	}
	return append(lines, "                "+strings.ToUpper(colonHex(signature)))
}

// cutVector splits data into the content of a vector with a 2-byte length, and the rest.
func cutVector(data []byte) ([]byte, []byte, bool) {
	if len(data) < 2 {
		return nil, nil, false
	}
	end := 2 + int(binary.BigEndian.Uint16(data))
	if len(data) < end {
		return nil, nil, false
	}
	return data[2:end], data[end:], true
}

// dotted returns bytes as openssl shows an unknown extension: unprintable ones are dots.
func dotted(data []byte) string {
	text := make([]byte, len(data))
	for i, c := range data {
		if c < ' ' || c > '~' {
			c = '.'
		}
		text[i] = c
	}
	return string(text)
}
