package orms

import "testing"

// orm is an object-relational mapper, and its program.
type orm struct {
	name    string // of its folder
	title   string // what its authors call it
	version func(*testing.T) string
	// settings make the program's environment, in the words of the ORM.
	settings func(login) []string
	// command returns how to run the program, without the way, which is its argument. It builds the
	// program where that is needed.
	command func(*testing.T, string) []string

	also []way // besides those that all ORMs have
}

var orms = []orm{
	{
		name: "sqlalchemy", title: "SQLAlchemy", version: locked("../drivers/requirements.txt", "SQLAlchemy==%s"),
		settings: url("postgresql+psycopg"), command: pythonProgram,
		also: []way{eagerJoin, selectin, pages, factory},
	},
	{
		name: "django", title: "Django", version: locked("requirements.txt", "Django==%s"),
		settings: variables, command: pythonProgram,
		also: []way{eagerJoin, factory, tests},
	},
	{
		name: "gorm", title: "GORM", version: locked("gorm/go.mod", "gorm.io/gorm v%s"),
		settings: url("postgres"), command: goProgram,
		also: []way{eagerJoin, pages, factoryReturning},
	},
	{
		name: "hibernate", title: "Hibernate", version: locked("hibernate/pom.xml", "<version>%s.Final<"),
		settings: jdbcURL, command: javaProgram,
		also: []way{batchSize, pages, factory},
	},
	{
		name: "activerecord", title: "ActiveRecord", version: func(*testing.T) string { return "Debian's (6.1.7 in 12)" },
		settings: url("postgres"), command: rubyProgram,
		also: []way{eagerJoin, pages, factoryReturning},
	},
	{
		name: "prisma", title: "Prisma", version: npmPackage("prisma"),
		settings: url("postgres"), command: nodeProgram,
		also: []way{dataloader, pages, factoryReturning},
	},
	{
		name: "typeorm", title: "TypeORM", version: npmPackage("typeorm"),
		settings: url("postgres"), command: nodeProgram,
		also: []way{queryStrategy, pages, factory},
	},
	{
		name: "sequelize", title: "Sequelize", version: npmPackage("sequelize"),
		settings: url("postgres"), command: nodeProgram,
		also: []way{separate, pages, factoryReturning},
	},
	{
		name: "drizzle", title: "Drizzle", version: npmPackage("drizzle-orm"),
		settings: url("postgres"), command: nodeProgram,
		also: []way{pages, factory},
	},
}
