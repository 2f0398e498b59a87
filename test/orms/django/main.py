"""Reads authors and their books with Django's ORM, in the way that the argument names."""

import os
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

import django
from django.conf import settings
from django.db import connections, models, transaction
from django.test import TestCase

# What is not here libpq takes from its variables.
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"]}})
django.setup()


class Author(models.Model):
    id = models.IntegerField(primary_key=True)
    name = models.TextField()

    class Meta:
        app_label = "library"
        db_table = "authors"


class Book(models.Model):
    id = models.IntegerField(primary_key=True)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    title = models.TextField()

    class Meta:
        app_label = "library"
        db_table = "books"


def kind(name):
    """Returns a model that has only an id."""
    meta = type("Meta", (), {"app_label": "library", "db_table": name})
    return type(name, (models.Model,), {"__module__": __name__, "id": models.IntegerField(primary_key=True), "Meta": meta})


Shelf = kind("shelves")
kinds = [kind(name) for name in ["atlases", "maps", "novels", "plays", "poems"]]


def count(authors):
    return sum(len(author.books.all()) for author in authors)


def side_by_side(work, parts):
    """Works in five threads. Django has a connection for each."""
    with ThreadPoolExecutor(5) as threads:
        return sum(threads.map(work, parts))


def lazy():
    return count(Author.objects.all())


def lazy_pool():
    return side_by_side(lambda author: len(author.books.all()), Author.objects.all())


def eager(**conditions):
    return count(Author.objects.filter(**conditions).prefetch_related("books"))


def eager_join():
    return len([book.author.name for book in Book.objects.select_related("author")])


def eager_pool():
    """Loads five parts of the authors, each with their books."""
    ids = list(Author.objects.order_by("id").values_list("id", flat=True))
    parts = [(ids[n], ids[n + 5]) for n in range(0, len(ids), 6)]
    return side_by_side(lambda part: eager(id__range=part), parts)


def factory():
    """Makes authors, one by one, as factories of tests do."""
    with transaction.atomic():
        for n in range(1, 31):
            Author.objects.create(id=n, name=f"author {n}")
        transaction.set_rollback(True)
    return n


def tests():
    """Runs tests that make three objects of each kind, list them, and get each by its id.

    The ids of all kinds are the same: first 1, 2, 3 in each test, then they count on, as sequences do."""
    got = []

    class Tests(TestCase):
        databases = {"default"}

        @classmethod
        def setUpTestData(cls):
            cls.shelves = list(Shelf.objects.order_by("id"))

        def check(self, first):
            ids = [first, first + 1, first + 2]
            for kind in kinds:
                for id in ids:
                    kind.objects.create(id=id)
            for kind in kinds:
                self.assertEqual([object.id for object in kind.objects.order_by("id")], ids)
            for kind in kinds:
                got.extend(kind.objects.get(id=id) for id in ids)

    for n in range(10):
        setattr(Tests, f"test_{n}", lambda self, n=n: self.check(max(1, 3 * n - 11)))
    with open(os.devnull, "w") as nowhere:
        result = unittest.TextTestRunner(nowhere).run(unittest.defaultTestLoader.loadTestsFromTestCase(Tests))
    for _, error in result.failures + result.errors:
        sys.exit(error)
    return len(got)


print(globals()[sys.argv[1].replace("-", "_")]())
connections.close_all()
