// Does the script of the driver matrix with node-postgres (pg) and pg-copy-streams.
const { Client, Query } = require("pg");
const copyStreams = require("pg-copy-streams");
const { once } = require("events");

const settings = { connectionString: process.env.DATABASE_URL };
let client;

async function main() {
	client = await connect();
	await step("simple", simple);
	await step("prepared", prepared);
	await step("binary", binary);
	await step("batch", batch);
	await step("copy in", copyIn);
	await step("copy out", copyOut);
	await step("notify", notify);
	await step("cancel", cancel);
	await step("transaction", transaction);
	await step("large", large);
	await step("utf8", utf8);
	console.log("latin1: not in this driver");
	await step("wrong password", wrongPassword);
	await client.end();
	process.exitCode = 3;
}

async function step(name, work) {
	console.log(`${name}: ${await work()}`);
}

async function connect(more) {
	const client = new Client({ ...settings, ...more });
	await client.connect();
	return client;
}

// failure returns the SQLSTATE that a promise fails with.
async function failure(promise) {
	try {
		await promise;
		return "no error";
	} catch (error) {
		return error.code;
	}
}

async function simple() {
	const { rows } = await client.query("select 1 as n, 'one' as word");
	return `${rows[0].n} ${rows[0].word}`;
}

async function prepared() {
	const double = { name: "double", text: "select $1::int4 * 2 as n, upper($2) as word" };
	const first = await client.query({ ...double, values: [21, "a"] });
	const second = await client.query({ ...double, values: [22, "b"] });
	return `${first.rows[0].n} ${first.rows[0].word}, ${second.rows[0].n} ${second.rows[0].word}`;
}

// It takes binary values for UTF-8 on the way, which only ASCII survives.
async function binary() {
	const { rows } = await client.query({ text: "select $1::int8 as n", values: ["4294967297"], binary: true });
	return rows[0].n;
}

async function batch() {
	const results = await client.query("select 1 as n; select 2 as n; select 3 as n");
	return results.map((result) => result.rows[0].n).join(" ");
}

async function copyIn() {
	await client.query("create temp table words (n int4, word text)");
	const stream = client.query(copyStreams.from("copy words from stdin"));
	for (let n = 1; n <= 1000; n++) stream.write(`${n}\tword ${n}\n`);
	stream.end();
	await once(stream, "finish");
	return `${stream.rowCount} rows`;
}

async function copyOut() {
	let bytes = 0;
	for await (const chunk of client.query(copyStreams.to("copy words to stdout"))) bytes += chunk.length;
	return `${bytes} bytes`;
}

async function notify() {
	await client.query("listen animals");
	const heard = once(client, "notification");
	await client.query("notify animals, 'elephant'");
	return (await heard)[0].payload;
}

// node-postgres does not wait for the end of a cancel, whose signal may come late: to a connection of its own.
async function cancel() {
	const sleeper = await connect();
	const watcher = await connect();
	const query = new Query("select pg_sleep(60)");
	const ended = failure(new Promise((resolve, reject) => {
		query.on("end", resolve);
		query.on("error", reject);
	}));
	sleeper.query(query);
	await watcher.query("select wait_for_sleeper()");
	new Client(settings).cancel(sleeper, query);
	const state = await ended;
	await watcher.end();
	await sleeper.end();
	return state;
}

async function transaction() {
	await client.query("begin");
	const first = await failure(client.query("select 1/0"));
	const second = await failure(client.query("select 1"));
	await client.query("rollback");
	const { rows } = await client.query("select 1 as n");
	return `${first} ${second} ${rows[0].n}`;
}

async function large() {
	const sent = "0123456789abcdef".repeat(3 << 16);
	const { rows } = await client.query("select $1::text as got, md5($1) as hash", [sent]);
	return `${rows[0].got.length} ${rows[0].hash} ${rows[0].got === sent}`;
}

async function utf8() {
	const sql = "select $1::text as text, length($1) as characters, octet_length($1) as bytes";
	const { rows } = await client.query(sql, ["Žluťoučký kůň 🐘"]);
	return `${rows[0].text} ${rows[0].characters} ${rows[0].bytes}`;
}

// A connection string would win over the password beside it.
function wrongPassword() {
	const url = new URL(process.env.DATABASE_URL);
	url.password = "wrong";
	return failure(connect({ connectionString: url.href }));
}

main().catch((error) => {
	console.log(`failed: ${error.code ?? ""} ${error.message}`);
	process.exit(1);
});
