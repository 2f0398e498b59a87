"""Reads authors and their books with Django's ORM, in the way that the argument names."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import django
from django.conf import settings
from django.db import connections, models

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


print(globals()[sys.argv[1].replace("-", "_")]())
connections.close_all()
