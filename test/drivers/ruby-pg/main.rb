# Does the script of the driver matrix with ruby-pg, whose settings libpq takes from PG variables.
require "pg"

$stdout.sync = true
$conn = PG.connect

def step(name)
  puts "#{name}: #{yield}"
end

# The SQLSTATE that the block fails with, or libpq's words where it has none.
def failure
  yield
  "no error"
rescue PG::Error => e
  e.result&.error_field(PG::PG_DIAG_SQLSTATE) || e.message
end

step("simple") { $conn.exec("select 1, 'one'").values.join(" ") }

step("prepared") do
  $conn.prepare("double", "select $1::int4 * 2, upper($2)")
  [[21, "a"], [22, "b"]].map { |values| $conn.exec_prepared("double", values).values.join(" ") }.join(", ")
end

step("binary") do
  values = [[4294967297].pack("q>"), "\x00\xff\x10".b, [1.5].pack("G")]
  parameters = values.map { |value| { value: value, format: 1 } }
  n, raw, x = $conn.exec_params("select $1::int8, $2::bytea, $3::float8", parameters, 1).values[0]
  "#{n.unpack1("q>")} #{raw.unpack1("H*")} #{x.unpack1("G")}"
end

step("batch") do
  $conn.enter_pipeline_mode
  (1..3).each { |n| $conn.send_query_params("select $1::int4", [n]) }
  $conn.pipeline_sync
  numbers = []
  until (result = $conn.get_result)&.result_status == PG::PGRES_PIPELINE_SYNC
    numbers << result.getvalue(0, 0) if result
  end
  $conn.exit_pipeline_mode
  numbers.join(" ")
end

step("copy in") do
  $conn.exec("create temp table words (n int4, word text)")
  result = $conn.copy_data("copy words from stdin") do
    (1..1000).each { |n| $conn.put_copy_data("#{n}\tword #{n}\n") }
  end
  "#{result.cmd_tuples} rows"
end

step("copy out") do
  bytes = 0
  $conn.copy_data("copy words to stdout") do
    while (row = $conn.get_copy_data)
      bytes += row.bytesize
    end
  end
  "#{bytes} bytes"
end

step("notify") do
  $conn.exec("listen animals")
  $conn.exec("notify animals, 'elephant'")
  heard = nil
  $conn.wait_for_notify { |_channel, _pid, payload| heard = payload }
  heard
end

step("cancel") do
  watcher = PG.connect
  $conn.send_query("select pg_sleep(60)")
  watcher.exec("select wait_for_sleeper()")
  $conn.cancel
  watcher.close
  failure { $conn.get_last_result }
end

step("transaction") do
  $conn.exec("begin")
  first = failure { $conn.exec("select 1/0") }
  second = failure { $conn.exec("select 1") }
  $conn.exec("rollback")
  "#{first} #{second} #{$conn.exec("select 1").getvalue(0, 0)}"
end

step("large") do
  sent = "0123456789abcdef" * (3 << 16)
  got, hash = $conn.exec_params("select $1::text, md5($1)", [sent]).values[0]
  "#{got.length} #{hash} #{got == sent}"
end

step("utf8") do
  $conn.exec_params("select $1::text, length($1), octet_length($1)", ["Žluťoučký kůň 🐘"]).values.join(" ")
end

step("latin1") do
  $conn.set_client_encoding("LATIN1")
  text, bytes = $conn.exec_params("select $1::text, octet_length($1)", ["café".encode("ISO-8859-1")]).values[0]
  "#{text.unpack1("H*")} #{bytes}"
end

step("wrong password") { failure { PG.connect(password: "wrong") } }
exit 3
