const { Sequelize, DataTypes, Op } = require("sequelize");

require("./ways")(async (max) => {
	const sequelize = new Sequelize(process.env.DATABASE_URL, {
		pool: { max }, logging: false, define: { timestamps: false },
	});
	const id = { type: DataTypes.INTEGER, primaryKey: true };
	const Author = sequelize.define("Author", { id, name: DataTypes.TEXT }, { tableName: "authors" });
	const Book = sequelize.define("Book", { id, title: DataTypes.TEXT }, { tableName: "books" });
	Author.hasMany(Book, { as: "books", foreignKey: "author_id" });
	return {
		authors: () => Author.findAll(),
		books: (author) => author.getBooks(),
		authorsWithBooks: (offset, limit) => Author.findAll({ offset, limit, order: ["id"], include: "books" }),
		page: (last = 0) => Book.findAll({ where: { id: { [Op.gt]: last } }, order: ["id"], limit: 5 }),
		transaction: (work) =>
			sequelize.transaction((transaction) => work((author) => Author.create(author, { transaction }))),
		separate: () => Author.findAll({ include: { association: "books", separate: true } }),
		close: () => sequelize.close(),
	};
});
