"""Sends statements in libpq's pipeline mode and prints what libpq reported, a line a result.

Arguments: a connection string and the statements, of which SYNC ends a transaction.
"""

import select
import socket
import sys

from psycopg import pq
from psycopg.pq import ExecStatus

conn = pq.PGconn.connect(sys.argv[1].encode())
if conn.status != pq.ConnStatus.OK:
    sys.exit(conn.get_error_message())
name = socket.socket(fileno=conn.socket)
print("%s:%d" % name.getsockname())
name.detach()
conn.enter_pipeline_mode()
syncs = 0
for sql in sys.argv[2:]:
    if sql == "SYNC":
        conn.pipeline_sync()
        syncs += 1
    else:
        conn.send_query_params(sql.encode(), None)
conn.flush()
while syncs:
    while conn.is_busy():
        select.select([conn.socket], [], [])
        conn.consume_input()
    result = conn.get_result()
    if result is None:
        continue
    if result.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        print("ok " + result.command_status.decode())
    elif result.status == ExecStatus.PIPELINE_ABORTED:
        print("skipped")
    elif result.status == ExecStatus.PIPELINE_SYNC:
        syncs -= 1
    else:
        print("error " + result.error_field(pq.DiagnosticField.SQLSTATE).decode())
conn.finish()
