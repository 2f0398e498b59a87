const { DataSource, EntitySchema, MoreThan } = require("typeorm");

const Author = new EntitySchema({
	name: "Author",
	tableName: "authors",
	columns: { id: { type: Number, primary: true }, name: { type: String } },
	relations: { books: { type: "one-to-many", target: "Book", inverseSide: "author", lazy: true } },
});

const Book = new EntitySchema({
	name: "Book",
	tableName: "books",
	columns: { id: { type: Number, primary: true }, title: { type: String } },
	relations: {
		author: { type: "many-to-one", target: "Author", inverseSide: "books", joinColumn: { name: "author_id" } },
	},
});

require("./ways")(async (poolSize) => {
	const source = new DataSource({
		type: "postgres", url: process.env.DATABASE_URL, poolSize, entities: [Author, Book],
	});
	await source.initialize();
	const authors = source.getRepository(Author);
	const books = source.getRepository(Book);

	// A lazy relation is a promise even where find has loaded it.
	async function withBooks(options) {
		const loaded = await authors.find({ relations: { books: true }, ...options });
		return Promise.all(loaded.map(async (author) => ({ books: await author.books })));
	}
	return {
		authors: () => authors.find(),
		books: (author) => author.books,
		authorsWithBooks: (skip, take) => withBooks({ skip, take, order: { id: "ASC" } }),
		page: (last = 0) => books.find({ where: { id: MoreThan(last) }, order: { id: "ASC" }, take: 5 }),
		transaction: (work) => source.transaction((manager) => work((author) => manager.insert(Author, author))),
		"query-strategy": () => withBooks({ relationLoadStrategy: "query" }),
		close: () => source.destroy(),
	};
});
