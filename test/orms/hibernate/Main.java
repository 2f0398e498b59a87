import jakarta.persistence.Entity;
import jakarta.persistence.FetchType;
import jakarta.persistence.Id;
import jakarta.persistence.ManyToOne;
import jakarta.persistence.OneToMany;
import jakarta.persistence.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.hibernate.Hibernate;
import org.hibernate.SessionFactory;
import org.hibernate.annotations.BatchSize;
import org.hibernate.cfg.Configuration;

/** Reads authors and their books with Hibernate, in the way that the argument names. */
class Main {
	@Entity(name = "Author")
	@Table(name = "authors")
	static class Author {
		@Id int id;
		String name;

		@OneToMany(mappedBy = "author")
		List<Book> books;
	}

	@Entity(name = "Book")
	@Table(name = "books")
	static class Book {
		@Id int id;

		@ManyToOne(fetch = FetchType.LAZY)
		Author author;

		String title;
	}

	/** An author whose books are loaded with those of four others. */
	@Entity(name = "BatchAuthor")
	@Table(name = "authors")
	static class BatchAuthor {
		@Id int id;
		String name;

		@OneToMany(mappedBy = "author")
		@BatchSize(size = 5)
		List<BatchBook> books;
	}

	@Entity(name = "BatchBook")
	@Table(name = "books")
	static class BatchBook {
		@Id int id;

		@ManyToOne(fetch = FetchType.LAZY)
		BatchAuthor author;

		String title;
	}

	static SessionFactory factory;

	public static void main(String[] args) throws Exception {
		Logger hibernate = Logger.getLogger("org.hibernate");
		hibernate.setLevel(Level.SEVERE); // it warns of its own pool
		factory = new Configuration()
				.addAnnotatedClasses(Author.class, Book.class, BatchAuthor.class, BatchBook.class)
				.setProperty("jakarta.persistence.jdbc.url", System.getenv("DATABASE_URL"))
				.setProperty("hibernate.connection.pool_size", 5)
				.buildSessionFactory();
		System.out.println(read(args[0]));
		factory.close();
	}

	static int read(String way) throws Exception {
		return switch (way) {
			case "lazy" -> lazy();
			case "lazy-pool" -> lazyPool();
			case "eager" -> eager(0, Integer.MAX_VALUE);
			case "eager-pool" -> eagerPool();
			case "batch-size" -> batchSize();
			case "pages" -> pages();
			case "factory" -> factory();
			default -> throw new IllegalArgumentException(way);
		};
	}

	static int lazy() {
		return factory.fromSession(session ->
				session.createSelectionQuery("from Author", Author.class).list().stream().mapToInt(author -> author.books.size()).sum());
	}

	static int lazyPool() throws Exception {
		List<Author> authors = factory.fromStatelessSession(session ->
				session.createSelectionQuery("from Author", Author.class).list());
		return sideBySide(authors.stream().<Callable<Integer>>map(author -> () -> {
			factory.inStatelessSession(session -> session.fetch(author.books));
			return author.books.size();
		}).toList());
	}

	static int eager(int from, int to) {
		return factory.fromSession(session -> session.createSelectionQuery(
						"from Author a left join fetch a.books where a.id between :from and :to", Author.class)
				.setParameter("from", from).setParameter("to", to)
				.list().stream().filter(author -> Hibernate.isInitialized(author.books)).mapToInt(author -> author.books.size()).sum());
	}

	/** Loads five parts of the authors, each with their books. */
	static int eagerPool() throws Exception {
		List<Integer> ids = factory.fromSession(session ->
				session.createSelectionQuery("select id from Author order by id", Integer.class).list());
		List<Callable<Integer>> parts = new ArrayList<>();
		for (int n = 0; n < ids.size(); n += 6) {
			int from = ids.get(n), to = ids.get(n + 5);
			parts.add(() -> eager(from, to));
		}
		return sideBySide(parts);
	}

	static int batchSize() {
		return factory.fromSession(session ->
				session.createSelectionQuery("from BatchAuthor", BatchAuthor.class).list().stream().mapToInt(author -> author.books.size()).sum());
	}

	/** Reads the books in pages, each of which begins where the one before has ended. */
	static int pages() {
		return factory.fromSession(session -> {
			int n = 0, last = 0;
			List<Book> page;
			do {
				page = session.createSelectionQuery("from Book where id > :last order by id", Book.class)
						.setParameter("last", last).setMaxResults(5).list();
				for (Book book : page) last = book.id;
				n += page.size();
			} while (!page.isEmpty());
			return n;
		});
	}

	/** Makes authors, one by one, as factories of tests do. */
	static int factory() {
		return factory.fromSession(session -> {
			var transaction = session.beginTransaction();
			int n = 0;
			while (n < 30) {
				Author author = new Author();
				author.id = ++n;
				author.name = "author " + n;
				session.persist(author);
				session.flush();
			}
			transaction.rollback();
			return n;
		});
	}

	static int sideBySide(List<Callable<Integer>> work) throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(5);
		try {
			int sum = 0;
			for (var done : threads.invokeAll(work)) sum += done.get();
			return sum;
		} finally {
			threads.shutdown();
		}
	}
}
