// Does the script of the driver matrix with postgres.js.
const postgres = require("postgres");

// One connection, so that temporary tables and transactions stay together.
const connect = (more) => postgres(process.env.DATABASE_URL, { max: 1, onnotice: () => {}, ...more });
const sql = connect();

async function main() {
	await step("simple", simple);
	await step("prepared", prepared);
	console.log("binary: not in this driver");
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
	await sql.end();
	process.exitCode = 3;
}

async function step(name, work) {
	console.log(`${name}: ${await work()}`);
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
	const [row] = await sql`select 1 as n, 'one' as word`.simple();
	return `${row.n} ${row.word}`;
}

async function prepared() {
	const double = async (n, word) => {
		const [row] = await sql`select ${n}::int4 * 2 as n, upper(${word}) as word`;
		return `${row.n} ${row.word}`;
	};
	return `${await double(21, "a")}, ${await double(22, "b")}`;
}

async function batch() { // sent at once, in a pipeline
	const results = await Promise.all([1, 2, 3].map((n) => sql`select ${n}::int4 as n`));
	return results.map(([row]) => row.n).join(" ");
}

async function copyIn() {
	await sql`create temp table words (n int4, word text)`;
	const stream = await sql`copy words from stdin`.writable();
	for (let n = 1; n <= 1000; n++) stream.write(`${n}\tword ${n}\n`);
	await new Promise((resolve, reject) => {
		stream.on("finish", resolve);
		stream.on("error", reject);
		stream.end();
	});
	const [row] = await sql`select count(*) from words`;
	return `${row.count} rows`;
}

async function copyOut() {
	let bytes = 0;
	for await (const chunk of await sql`copy words to stdout`.readable()) bytes += chunk.length;
	return `${bytes} bytes`;
}

async function notify() { // it listens on a connection of its own
	let hear;
	const heard = new Promise((resolve) => { hear = resolve; });
	const { unlisten } = await sql.listen("animals", hear);
	await sql.notify("animals", "elephant");
	const payload = await heard;
	await unlisten();
	return payload;
}

// postgres.js does not wait for the end of a cancel, whose signal may come late: to a connection of its own.
async function cancel() {
	const sleeper = connect();
	const watcher = connect();
	const query = sleeper`select pg_sleep(60)`;
	const ended = failure(query);
	await watcher`select wait_for_sleeper()`;
	query.cancel();
	const state = await ended;
	await watcher.end();
	await sleeper.end();
	return state;
}

async function transaction() {
	const states = [];
	await sql.begin(async (tx) => {
		states.push(await failure(tx`select 1/0`));
		states.push(await failure(tx`select 1`));
		throw new Error("roll back");
	}).catch(() => {});
	const [row] = await sql`select 1 as n`;
	return `${states.join(" ")} ${row.n}`;
}

async function large() {
	const sent = "0123456789abcdef".repeat(3 << 16);
	const [row] = await sql`select ${sent}::text as got, md5(${sent}) as hash`;
	return `${row.got.length} ${row.hash} ${row.got === sent}`;
}

async function utf8() {
	const text = "Žluťoučký kůň 🐘";
	const [row] = await sql`select ${text}::text as text, length(${text}) as characters, octet_length(${text}) as bytes`;
	return `${row.text} ${row.characters} ${row.bytes}`;
}

function wrongPassword() {
	return failure(connect({ password: "wrong" })`select 1`);
}

main().catch((error) => {
	console.log(`failed: ${error.code ?? ""} ${error.message}`);
	process.exit(1);
});
