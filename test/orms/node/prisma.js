const { PrismaClient } = require("@prisma/client");
const { PrismaPg } = require("@prisma/adapter-pg");

require("./ways")(async (max) => {
	const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL, max });
	const prisma = new PrismaClient({ adapter });
	return {
		authors: () => prisma.author.findMany(),
		books: (author) => prisma.book.findMany({ where: { authorId: author.id } }),
		authorsWithBooks: (skip, take) =>
			prisma.author.findMany({ skip, take, orderBy: { id: "asc" }, include: { books: true } }),

		page: (last) =>
			prisma.book.findMany({ take: 5, orderBy: { id: "asc" }, ...(last && { skip: 1, cursor: { id: last } }) }),
		transaction: (work) => prisma.$transaction((tx) => work((author) => tx.author.create({ data: author }))),

		// Prisma makes one statement of all findUnique of one tick.
		async dataloader() {
			const authors = await prisma.author.findMany();
			const books = ({ id }) => prisma.author.findUnique({ where: { id } }).books();
			return Promise.all(authors.map(async (author) => ({ books: await books(author) })));
		},
		close: () => prisma.$disconnect(),
	};
});
