"""Reads authors and their books with SQLAlchemy's ORM, in the way that the argument names."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship, selectinload

engine = create_engine(os.environ["DATABASE_URL"], pool_size=5)


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    books: Mapped[list["Book"]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    title: Mapped[str]
    author: Mapped[Author] = relationship(back_populates="books")


class Reader(Base):
    __tablename__ = "readers"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    loans: Mapped[list["Loan"]] = relationship()


class Loan(Base):
    __tablename__ = "loans"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reader_id: Mapped[int] = mapped_column(ForeignKey("readers.id"))


def count(authors):
    return sum(len(author.books) for author in authors)


def side_by_side(work, parts):
    with ThreadPoolExecutor(5) as threads:
        return sum(threads.map(work, parts))


def lazy():
    with Session(engine) as session:
        return count(session.scalars(select(Author)))


def lazy_pool():
    with Session(engine) as session:
        authors = session.scalars(select(Author)).all()

    def load(author):
        with Session(engine) as session:
            session.add(author)
            return len(author.books)

    return side_by_side(load, authors)


def eager(*conditions, how=selectinload):
    with Session(engine) as session:
        return count(session.scalars(select(Author).where(*conditions).options(how(Author.books))).unique())


def eager_join():
    return eager(how=joinedload)


def eager_pool():
    """Loads five parts of the authors, each with their books."""
    with Session(engine) as session:
        ids = session.scalars(select(Author.id).order_by(Author.id)).all()
    parts = [ids[n : n + 6] for n in range(0, len(ids), 6)]
    return side_by_side(lambda part: eager(Author.id.between(part[0], part[-1])), parts)


def selectin():
    """Loads the loans of so many readers that SQLAlchemy needs several lists of them, of 500 each."""
    with Session(engine) as session:
        return sum(len(reader.loans) for reader in session.scalars(select(Reader).options(selectinload(Reader.loans))))


def pages():
    """Reads the ids of all books, and then the books in pages, each of which begins where the one before has ended."""
    n, last = 0, 0
    with Session(engine) as session:
        session.scalars(select(Book.id).order_by(Book.id)).all()
        while page := session.scalars(select(Book).where(Book.id > last).order_by(Book.id).limit(5)).all():
            n, last = n + len(page), page[-1].id
    return n


def factory():
    """Makes authors, one by one, as factories of tests do."""
    with Session(engine) as session:
        for n in range(1, 31):
            session.add(Author(id=n, name=f"author {n}"))
            session.flush()
        session.rollback()
    return n


print(globals()[sys.argv[1].replace("-", "_")]())
