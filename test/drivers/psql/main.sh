#!/bin/sh
# Does the script of the driver matrix with psql, whose settings libpq takes from PG variables.
export PGCLIENTENCODING=UTF8

# sql runs its input in one session; what is printed on several lines is joined by $1.
sql() {
	psql -XAtq -F ' ' -v VERBOSITY=sqlstate 2>&1 | paste -sd "$1" -
}

# state leaves the SQLSTATE of each error.
state() {
	sed 's/ERROR:  //g'
}

simple() {
	echo "select 1, 'one'" | sql ' '
}

prepared() {
	sql ',' <<-'SQL' | sed 's/,/, /'
		prepare double(int4, text) as select $1 * 2, upper($2);
		execute double(21, 'a');
		execute double(22, 'b');
	SQL
}

batch() { # in one simple query
	echo 'select 1\; select 2\; select 3;' | sql ' '
}

words='create temp table words (n int4, word text);'

copy_in() {
	{
		echo "$words copy words from stdin;"
		seq 1000 | sed 's/.*/&\tword &/'
		printf '\\.\nselect count(*), $$rows$$ from words;\n'
	} | sql ' '
}

copy_out() {
	echo "$words insert into words select n, 'word ' || n from generate_series(1, 1000) n; copy words to stdout;" |
		psql -XAtq | wc -c | sed 's/ *//; s/$/ bytes/'
}

notify() {
	echo "listen animals; notify animals, 'elephant';" | sql ' ' |
		sed 's/Asynchronous notification "animals" with payload "\(.*\)" received from.*/\1/'
}

cancel() { # by SIGINT, as Ctrl-C does
	psql -XAtq -v VERBOSITY=sqlstate -c 'select pg_sleep(60)' 2>&1 &
	psql -XAtq -c 'select wait_for_sleeper()' >/dev/null
	kill -INT $!
	wait $!
}

transaction() {
	printf '%s;\n' begin 'select 1/0' 'select 1' rollback 'select 1' | sql ' '
}

large() {
	{
		printf "\\\\set sent '"
		yes 0123456789abcdef | head -n $((3 << 16)) | tr -d '\n'
		printf "'\n select length(t), md5(t), (t = repeat('0123456789abcdef', 3 << 16))::text from (select :'sent'::text) as _(t);\n"
	} | sql ' '
}

utf8() {
	echo "select t, length(t), octet_length(t) from (select 'Žluťoučký kůň 🐘'::text) as _(t)" | sql ' '
}

latin1() {
	answer=$(printf "set client_encoding to latin1; select t, octet_length(t) from (select 'caf\351'::text) as _(t);\n" | sql '')
	printf '%s %s' "$(printf %s "${answer% *}" | od -An -tx1 | tr -d ' \n')" "${answer#* }"
}

wrong_password() {
	echo | PGPASSWORD=wrong psql -XAtq 2>&1
}

echo "simple: $(simple)"
echo "prepared: $(prepared)"
echo "binary: not in this driver"
echo "batch: $(batch)"
echo "copy in: $(copy_in)"
echo "copy out: $(copy_out)"
echo "notify: $(notify)"
echo "cancel: $(cancel | grep ERROR | state)"
echo "transaction: $(transaction | state)"
echo "large: $(large)"
echo "utf8: $(utf8)"
echo "latin1: $(latin1)"
echo "wrong password: $(wrong_password)"
exit 3
