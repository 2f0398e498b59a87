<?php
// Does the script of the driver matrix with PDO, whose settings libpq takes from PG variables.

$conn = connect();
step('simple', 'simple');
step('prepared', 'prepared');
step('binary', 'binary');
step('batch', 'batch');
step('copy in', 'copyIn');
step('copy out', 'copyOut');
step('notify', 'notification');
echo "cancel: not in this driver\n";
step('transaction', 'transaction');
step('large', 'large');
step('utf8', 'utf8');
step('latin1', 'latin1');
step('wrong password', 'wrongPassword');
exit(3);

function step(string $name, callable $work): void
{
	echo "$name: ", $work(), "\n";
}

function connect(?string $password = null): PDO
{
	return new PDO('pgsql:', null, $password, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
}

// The SQLSTATE that work fails with; PDO makes one up where the login is refused, so libpq's words say more.
function failure(callable $work): string
{
	try {
		$work();
		return 'no error';
	} catch (PDOException $e) {
		return $e->getCode() === 7 ? $e->getMessage() : $e->errorInfo[0];
	}
}

function row(string $sql, array $values = []): array
{
	global $conn;
	$statement = $conn->prepare($sql);
	$statement->execute($values);
	return $statement->fetch(PDO::FETCH_NUM);
}

function simple(): string
{
	global $conn;
	return implode(' ', $conn->query("select 1, 'one'")->fetch(PDO::FETCH_NUM));
}

function prepared(): string
{
	global $conn;
	$double = $conn->prepare('select ?::int4 * 2, upper(?)');
	$double->execute([21, 'a']);
	$first = implode(' ', $double->fetch(PDO::FETCH_NUM));
	$double->execute([22, 'b']);
	return $first . ', ' . implode(' ', $double->fetch(PDO::FETCH_NUM));
}

function binary(): string // for bytea, which comes back as a stream
{
	global $conn;
	$statement = $conn->prepare('select ?::int8, ?::bytea, ?::float8');
	$statement->bindValue(1, 4294967297);
	$statement->bindValue(2, "\x00\xff\x10", PDO::PARAM_LOB);
	$statement->bindValue(3, 1.5);
	$statement->execute();
	[$n, $raw, $x] = $statement->fetch(PDO::FETCH_NUM);
	return "$n " . bin2hex(stream_get_contents($raw)) . " $x";
}

function batch(): string // PDO shows the last result of several
{
	global $conn;
	$conn->exec('create temp table numbers (n int4); insert into numbers values (1), (2); insert into numbers values (3)');
	return implode(' ', $conn->query('select n from numbers')->fetchAll(PDO::FETCH_COLUMN));
}

function copyIn(): string
{
	global $conn;
	$conn->exec('create temp table words (n int4, word text)');
	$words = [];
	for ($n = 1; $n <= 1000; $n++) {
		$words[] = "$n\tword $n";
	}
	$conn->pgsqlCopyFromArray('words', $words);
	return row('select count(*) from words')[0] . ' rows';
}

function copyOut(): string
{
	global $conn;
	return strlen(implode('', $conn->pgsqlCopyToArray('words'))) . ' bytes';
}

function notification(): string
{
	global $conn;
	$conn->exec('listen animals');
	$conn->exec("notify animals, 'elephant'");
	return $conn->pgsqlGetNotify(PDO::FETCH_NUM, 60000)[2];
}

function transaction(): string
{
	global $conn;
	$conn->beginTransaction();
	$first = failure(fn() => $conn->query('select 1/0'));
	$second = failure(fn() => $conn->query('select 1'));
	$conn->rollBack();
	return "$first $second " . row('select 1')[0];
}

function large(): string
{
	$sent = str_repeat('0123456789abcdef', 3 << 16);
	[$got, $hash] = row('select t, md5(t) from (select ?::text) as _(t)', [$sent]);
	return strlen($got) . " $hash " . ($got === $sent ? 'true' : 'false');
}

function utf8(): string
{
	return implode(' ', row('select t, length(t), octet_length(t) from (select ?::text) as _(t)', ['Žluťoučký kůň 🐘']));
}

function latin1(): string
{
	global $conn;
	$conn->exec('set client_encoding to latin1');
	[$text, $bytes] = row('select t, octet_length(t) from (select ?::text) as _(t)', ["caf\xe9"]);
	return bin2hex($text) . " $bytes";
}

function wrongPassword(): string
{
	return failure(fn() => connect('wrong'));
}
