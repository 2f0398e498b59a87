// Package replication makes real servers and clients send everything that travels inside CopyData
// through pgpi.
//
// It guarantees that no byte of it stays unexplained: psql's \copy in all formats, standbys,
// subscribers, pg_recvlogical, pg_receivewal and base backups in the oldest and the newest way, on
// PostgreSQL 14, 15 and 18. It lists what can't be provoked here, with the reason. It must not know
// how pgpi decodes, only what it says.
//
// Start reading at wiretap_test.go, then at table_test.go, which says which messages were seen
// where.
package replication
