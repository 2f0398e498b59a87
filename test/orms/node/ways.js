// The ways to read the books of all authors. A program calls this with a function that opens its ORM
// with at most so many connections, and returns:
//
//   authors()                  loads all authors
//   books(author)              loads the books of one author, which were not loaded before
//   authorsWithBooks(skip, n)  loads n authors, after the first skip, with their books
//   page(last)                 loads five books, after the one with that id, from the first if there is none
//   transaction(work)          calls work with a function that makes an author, in a transaction
//   close()
//
// Other functions load all authors with their books, in ways that only this ORM has. The program's
// argument names the way. It prints how many books were read.

async function lazy(orm) {
	let books = 0;
	for (const author of await orm.authors()) books += (await orm.books(author)).length;
	return books;
}

async function lazyPool(orm) {
	const lists = await Promise.all((await orm.authors()).map((author) => orm.books(author)));
	return lists.flat().length;
}

// Each load is of other authors: to send the same statement again is another mistake.
async function eagerPool(orm) {
	const loads = [0, 6, 12, 18, 24].map((skip) => orm.authorsWithBooks(skip, 6));
	return booksOf((await Promise.all(loads)).flat());
}

async function pages(orm) {
	let books = 0;
	for (let page = await orm.page(); page.length > 0; page = await orm.page(page.at(-1).id)) books += page.length;
	return books;
}

// Makes authors, one by one, as factories of tests do.
async function factory(orm) {
	const done = new Error("all made"); // rolls back
	let n = 0;
	await orm.transaction(async (make) => {
		while (n < 30) await make({ id: ++n, name: `author ${n}` });
		throw done;
	}).catch((error) => {
		if (error !== done) throw error;
	});
	return n;
}

function booksOf(authors) {
	return authors.flatMap((author) => author.books).length;
}

const ways = {
	lazy: [1, lazy],
	eager: [1, async (orm) => booksOf(await orm.authorsWithBooks(0, 30))],
	"lazy-pool": [10, lazyPool],
	"eager-pool": [10, eagerPool],
	pages: [1, pages],
	factory: [1, factory],
};

module.exports = async (open) => {
	const way = process.argv[2];
	const [connections, read] = ways[way] ?? [1, async (orm) => booksOf(await orm[way]())];
	const orm = await open(connections);
	console.log(await read(orm));
	await orm.close();
};
