"""Sends statements in a pipeline of psycopg and prints what psycopg reported, a line a result.

Arguments: a connection string and the statements, of which SYNC ends a transaction.
"""

import os
import socket
import sys

import psycopg

conn = psycopg.connect(sys.argv[1], autocommit=True)
print("%s:%d" % socket.socket(fileno=os.dup(conn.fileno())).getsockname())


def report(cursors, error):
    """A cursor without a tag has failed, and those behind it were skipped. Where all have one, the error is that of the Sync."""
    for cursor in cursors:
        if cursor.statusmessage is not None:
            print("ok " + cursor.statusmessage)
        elif error is not None:
            print("error " + error.sqlstate)
            error = None
        else:
            print("skipped")
    if error is not None:
        print("error " + error.sqlstate)


cursors = []
try:
    with conn.pipeline() as pipeline:
        for sql in sys.argv[2:]:
            if sql != "SYNC":
                cursors.append(conn.cursor())
                cursors[-1].execute(sql, prepare=False)
                continue
            error = None
            try:
                pipeline.sync()
            except psycopg.Error as e:
                error = e
            report(cursors, error)
            cursors = []
except psycopg.OperationalError as e:
    if "pipeline mode while busy" not in str(e):  # it is, behind a Sync that has failed
        raise
