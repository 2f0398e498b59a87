package main

// announced are the types of a version that is not packaged yet, so that no server can be asked
// (src/include/catalog/pg_type.dat of PostgreSQL 19). They are merged like the types of another
// server: if a real server contradicts them, the merge fails.
var announced = []row{
	{6437, "oid8", "oid8send", 0},
	{6442, "oid8[]", "array_send", 6437},
	{6490, "regdatabase", "regdatabasesend", 0},
	{6491, "regdatabase[]", "array_send", 6490},
}
