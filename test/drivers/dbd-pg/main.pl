# Does the script of the driver matrix with DBD::Pg, whose settings libpq takes from PG variables.
use v5.36;
use utf8;
use open ':std', ':encoding(UTF-8)';
use DBI;
use DBD::Pg qw(:async :pg_types);

$| = 1;
my $dbh = connection();

sub step ($name, $work) { say "$name: ", $work->() }

sub connection ($password = undef) {
	return DBI->connect('dbi:Pg:', undef, $password, { RaiseError => 1, PrintError => 0, AutoCommit => 1, PrintWarn => 0 });
}

# The SQLSTATE that work fails with.
sub failure ($work) {
	eval { $work->(); 1 } and return 'no error';
	return $DBI::state;
}

step 'simple', sub {
	local $dbh->{pg_server_prepare} = 0;
	return join ' ', $dbh->selectrow_array(q{select 1, 'one'});
};

step 'prepared', sub {
	local $dbh->{pg_switch_prepared} = 1;
	my $double = $dbh->prepare('select ?::int4 * 2, upper(?)');
	return join ', ', map { join ' ', $dbh->selectrow_array($double, undef, @$_) } [21, 'a'], [22, 'b'];
};

step 'binary', sub { # only bytea goes as bytes
	my $statement = $dbh->prepare('select ?::int8, ?::bytea, ?::float8');
	$statement->bind_param(1, 4294967297);
	$statement->bind_param(2, "\x00\xff\x10", { pg_type => PG_BYTEA });
	$statement->bind_param(3, 1.5);
	$statement->execute;
	my ($n, $raw, $x) = $statement->fetchrow_array;
	return "$n " . unpack('H*', $raw) . " $x";
};

step 'batch', sub {
	$dbh->do('create temp table numbers (n int4)');
	my $insert = $dbh->prepare('insert into numbers values (?)');
	$insert->execute_array({}, [1, 2, 3]);
	return join ' ', @{ $dbh->selectcol_arrayref('select n from numbers') };
};

step 'copy in', sub {
	$dbh->do('create temp table words (n int4, word text)');
	$dbh->do('copy words from stdin');
	$dbh->pg_putcopydata("$_\tword $_\n") for 1 .. 1000;
	$dbh->pg_putcopyend;
	return $dbh->selectrow_array('select count(*) from words') . ' rows';
};

step 'copy out', sub {
	$dbh->do('copy words to stdout');
	my $bytes = 0;
	while (1) {
		my $row; # anew, because Perl remembers the length of the old one
		last if $dbh->pg_getcopydata(\$row) < 0;
		$bytes += length $row;
	}
	return "$bytes bytes";
};

step 'notify', sub {
	$dbh->do('listen animals');
	$dbh->do(q{notify animals, 'elephant'});
	my $heard;
	1 until $heard = $dbh->pg_notifies;
	return $heard->[2];
};

step 'cancel', sub {
	my $watcher = connection();
	$dbh->do('select pg_sleep(60)', { pg_async => PG_ASYNC });
	$watcher->do('select wait_for_sleeper()');
	$dbh->pg_cancel;
	my $state = $dbh->state;
	$watcher->disconnect;
	return $state;
};

step 'transaction', sub {
	$dbh->begin_work;
	my $first = failure(sub { $dbh->do('select 1/0') });
	my $second = failure(sub { $dbh->do('select 1') });
	$dbh->rollback;
	return "$first $second " . $dbh->selectrow_array('select 1');
};

step 'large', sub {
	my $sent = '0123456789abcdef' x (3 << 16);
	my ($got, $hash) = $dbh->selectrow_array('select t, md5(t) from (select ?::text) as _(t)', undef, $sent);
	return length($got) . " $hash " . ($got eq $sent ? 'true' : 'false');
};

step 'utf8', sub {
	my $sql = 'select t, length(t), octet_length(t) from (select ?::text) as _(t)';
	return join ' ', $dbh->selectrow_array($sql, undef, 'Žluťoučký kůň 🐘');
};

step 'latin1', sub {
	$dbh->{pg_enable_utf8} = 0; # bytes from here on
	$dbh->do('set client_encoding to latin1');
	my ($text, $bytes) = $dbh->selectrow_array('select t, octet_length(t) from (select ?::text) as _(t)', undef, "caf\xe9");
	return unpack('H*', $text) . " $bytes";
};

step 'wrong password', sub {
	eval { connection('wrong'); 1 } and return 'no error';
	return $DBI::errstr; # DBD::Pg makes up a SQLSTATE
};
exit 3;
