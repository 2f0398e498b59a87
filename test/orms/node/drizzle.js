const { eq, gt, relations } = require("drizzle-orm");
const { drizzle } = require("drizzle-orm/node-postgres");
const { integer, pgTable, text } = require("drizzle-orm/pg-core");
const { Pool } = require("pg");

const authors = pgTable("authors", { id: integer("id").primaryKey(), name: text("name") });
const books = pgTable("books", {
	id: integer("id").primaryKey(), authorId: integer("author_id"), title: text("title"),
});
const authorsRelations = relations(authors, ({ many }) => ({ books: many(books) }));
const booksRelations = relations(books, ({ one }) => ({
	author: one(authors, { fields: [books.authorId], references: [authors.id] }),
}));

require("./ways")(async (max) => {
	const pool = new Pool({ connectionString: process.env.DATABASE_URL, max });
	const db = drizzle(pool, { schema: { authors, books, authorsRelations, booksRelations } });
	return {
		authors: () => db.query.authors.findMany(),
		books: (author) => db.query.books.findMany({ where: eq(books.authorId, author.id) }),
		authorsWithBooks: (offset, limit) =>
			db.query.authors.findMany({ offset, limit, orderBy: authors.id, with: { books: true } }),
		page: (last = 0) => db.select().from(books).where(gt(books.id, last)).orderBy(books.id).limit(5),
		transaction: (work) => db.transaction((tx) => work((author) => tx.insert(authors).values(author))),
		close: () => pool.end(),
	};
});
