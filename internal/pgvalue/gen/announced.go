package main

// announced are the types of a version that no package has yet, so that no server can be asked
// (src/include/catalog/pg_type.dat of PostgreSQL 19). They are merged like the types of one more
// server: a real one that contradicts them stops the merge.
var announced = []row{
	{6437, "oid8", "oid8send", 0},
	{6442, "oid8[]", "array_send", 6437},
	{6490, "regdatabase", "regdatabasesend", 0},
	{6491, "regdatabase[]", "array_send", 6490},
}
