import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import org.postgresql.PGConnection;

/** Does the script of the driver matrix with pgjdbc. */
class Main {
	static final String URL = System.getenv("DATABASE_URL");
	static Connection conn;

	interface Work {
		String run() throws Exception;
	}

	interface Failing {
		void run() throws SQLException;
	}

	public static void main(String[] args) throws Exception {
		System.setOut(new java.io.PrintStream(System.out, true, StandardCharsets.UTF_8));
		conn = connect("");
		step("simple", Main::simple);
		step("prepared", Main::prepared);
		step("binary", Main::binary);
		step("batch", Main::batch);
		step("copy in", Main::copyIn);
		step("copy out", Main::copyOut);
		step("notify", Main::notification);
		step("cancel", Main::cancel);
		step("transaction", Main::transaction);
		step("large", Main::large);
		step("utf8", Main::utf8);
		System.out.println("latin1: not in this driver");
		step("wrong password", Main::wrongPassword);
		System.exit(3);
	}

	static void step(String name, Work work) throws Exception {
		System.out.println(name + ": " + work.run());
	}

	static Connection connect(String more) throws SQLException {
		return DriverManager.getConnection(URL + more);
	}

	/** Returns the SQLSTATE that work fails with. */
	static String failure(Failing work) {
		try {
			work.run();
			return "no error";
		} catch (SQLException e) {
			return e.getSQLState();
		}
	}

	static void run(String sql) throws SQLException {
		try (Statement statement = conn.createStatement()) {
			statement.execute(sql);
		}
	}

	/** Returns the columns of the first row, with spaces between. */
	static String row(ResultSet rows) throws SQLException {
		rows.next();
		StringBuilder text = new StringBuilder(rows.getString(1));
		for (int i = 2; i <= rows.getMetaData().getColumnCount(); i++) {
			text.append(' ').append(rows.getString(i));
		}
		return text.toString();
	}

	static String query(Connection conn, String sql) throws SQLException {
		try (Statement statement = conn.createStatement()) {
			return row(statement.executeQuery(sql));
		}
	}

	static String simple() throws SQLException {
		try (Connection conn = connect("&preferQueryMode=simple")) {
			return query(conn, "select 1, 'one'");
		}
	}

	static String prepared() throws SQLException {
		try (PreparedStatement twice = conn.prepareStatement("select ?::int4 * 2, upper(?)")) {
			twice.unwrap(org.postgresql.PGStatement.class).setPrepareThreshold(1);
			twice.setInt(1, 21);
			twice.setString(2, "a");
			String first = row(twice.executeQuery());
			twice.setInt(1, 22);
			twice.setString(2, "b");
			return first + ", " + row(twice.executeQuery());
		}
	}

	static String binary() throws SQLException {
		try (Connection conn = connect("&prepareThreshold=-1");
				PreparedStatement statement = conn.prepareStatement("select ?::int8, ?::bytea, ?::float8")) {
			statement.setLong(1, 4294967297L);
			statement.setBytes(2, new byte[] {0, (byte) 0xff, 0x10});
			statement.setDouble(3, 1.5);
			ResultSet rows = statement.executeQuery();
			rows.next();
			return rows.getLong(1) + " " + HexFormat.of().formatHex(rows.getBytes(2)) + " " + rows.getDouble(3);
		}
	}

	static String batch() throws SQLException {
		run("create temp table numbers (n int4)");
		try (PreparedStatement insert = conn.prepareStatement("insert into numbers values (?)")) {
			for (int n = 1; n <= 3; n++) {
				insert.setInt(1, n);
				insert.addBatch();
			}
			insert.executeBatch();
		}
		return query(conn, "select string_agg(n::text, ' ' order by n) from numbers");
	}

	static String copyIn() throws Exception {
		run("create temp table words (n int4, word text)");
		StringBuilder words = new StringBuilder();
		for (int n = 1; n <= 1000; n++) {
			words.append(n).append("\tword ").append(n).append('\n');
		}
		return conn.unwrap(PGConnection.class).getCopyAPI()
			.copyIn("copy words from stdin", new StringReader(words.toString())) + " rows";
	}

	static String copyOut() throws Exception {
		StringWriter words = new StringWriter();
		conn.unwrap(PGConnection.class).getCopyAPI().copyOut("copy words to stdout", words);
		return words.toString().length() + " bytes";
	}

	static String notification() throws SQLException {
		run("listen animals");
		run("notify animals, 'elephant'");
		return conn.unwrap(PGConnection.class).getNotifications(0)[0].getParameter();
	}

	static String cancel() throws Exception {
		try (Connection watcher = connect(""); Statement sleeper = conn.createStatement()) {
			CompletableFuture<String> ended = CompletableFuture.supplyAsync(
				() -> failure(() -> sleeper.execute("select pg_sleep(60)")));
			query(watcher, "select wait_for_sleeper()");
			sleeper.cancel();
			return ended.get();
		}
	}

	static String transaction() throws SQLException {
		conn.setAutoCommit(false);
		String first = failure(() -> query(conn, "select 1/0"));
		String second = failure(() -> query(conn, "select 1"));
		conn.rollback();
		conn.setAutoCommit(true);
		return first + " " + second + " " + query(conn, "select 1");
	}

	static String large() throws SQLException {
		String sent = "0123456789abcdef".repeat(3 << 16);
		try (PreparedStatement statement = conn.prepareStatement("select ?::text, md5(?)")) {
			statement.setString(1, sent);
			statement.setString(2, sent);
			ResultSet rows = statement.executeQuery();
			rows.next();
			String got = rows.getString(1);
			return got.length() + " " + rows.getString(2) + " " + got.equals(sent);
		}
	}

	static String utf8() throws SQLException {
		try (PreparedStatement statement = conn.prepareStatement("select t, length(t), octet_length(t) from (select ?::text) as _(t)")) {
			statement.setString(1, "Žluťoučký kůň 🐘");
			return row(statement.executeQuery());
		}
	}

	static String wrongPassword() {
		return failure(() -> DriverManager.getConnection(URL.replaceAll("password=[^&]*", "password=wrong")));
	}
}
