"""Servers that speak as much of PostgreSQL's protocol as shows whether a client takes their TLS.

The only argument is a file with a list of servers in JSON. They listen on free ports of 127.0.0.1; the ports are
printed, in JSON, in the same order. A client that has come through gets one row for each of its queries: whether
its connection is encrypted. Everything ends with standard input.
"""

import json
import socket
import ssl
import struct
import sys
import threading

SSL_REQUEST = 80877103


def context(server):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # OpenSSL's own rules for servers are not what is tested: level 0 lets them present any certificate.
    tls.set_ciphers(server.get("ciphers", "ALL") + ":@SECLEVEL=0")
    tls.minimum_version = getattr(ssl.TLSVersion, server.get("min", "TLSv1"))
    tls.maximum_version = getattr(ssl.TLSVersion, server.get("max", "TLSv1_3"))
    tls.load_cert_chain(server["chain"], server["key"])
    if "alpn" in server:
        tls.set_alpn_protocols([server["alpn"]])
    if "curve" in server:
        tls.set_ecdh_curve(server["curve"])
    if "dh" in server:
        tls.load_dh_params(server["dh"])
    if "client_ca" in server:
        tls.load_verify_locations(server["client_ca"])
        tls.verify_mode = ssl.CERT_REQUIRED
    return tls


def read(conn, size):
    data = b""
    while len(data) < size:
        more = conn.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def message(kind, body):
    return kind + struct.pack("!I", 4 + len(body)) + body


def startup(conn, server, tls):
    """Return the connection after the StartupMessage, encrypted or not; None where there will be none."""
    while True:
        size, code = struct.unpack("!II", read(conn, 8))
        if code == SSL_REQUEST and "reply" in server:
            conn.sendall(server["reply"].encode("latin-1"))
            if server["reply"] != "N":
                return None
        elif code == SSL_REQUEST:
            conn.sendall(b"S")
            conn = tls.wrap_socket(conn, server_side=True, do_handshake_on_connect=False)
            try:
                conn.do_handshake()
            except ssl.SSLError:
                return None
        else:
            read(conn, size - 8)
            return conn


def answer(conn, encrypted):
    """Let a client log in, and give it one row for each query."""
    conn.sendall(message(b"R", struct.pack("!I", 0)) + message(b"Z", b"I"))
    while True:
        kind, size = struct.unpack("!cI", read(conn, 5))
        read(conn, size - 4)
        if kind == b"X":
            return
        word = b"TLS" if encrypted else b"plain"
        column = b"how\0" + struct.pack("!IhIhih", 0, 0, 25, -1, -1, 0)
        conn.sendall(
            message(b"T", struct.pack("!h", 1) + column)
            + message(b"D", struct.pack("!hI", 1, len(word)) + word)
            + message(b"C", b"SELECT 1\0")
            + message(b"Z", b"I")
        )


def serve(raw, server, tls):
    raw.settimeout(60)
    try:
        # The client's end of what is duplicated stays open however TLS ends.
        conn = startup(raw.dup(), server, tls)
        if conn:
            answer(conn, isinstance(conn, ssl.SSLSocket))
    except (OSError, EOFError):  # a client that refuses the server, which is what is tested
        pass
    try:
        # To close with bytes unread would reset the connection, and the client might miss the last that it was sent.
        raw.shutdown(socket.SHUT_WR)
        while raw.recv(4096):
            pass
    except OSError:
        pass
    raw.close()


def accept(listener, server, tls):
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn, server, tls), daemon=True).start()


def main():
    ports = []
    with open(sys.argv[1], encoding="utf-8") as file:
        servers = json.load(file)
    for server in servers:
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        ports.append(listener.getsockname()[1])
        tls = context(server) if "chain" in server else None
        threading.Thread(target=accept, args=(listener, server, tls), daemon=True).start()
    print(json.dumps(ports), flush=True)
    sys.stdin.read()


main()
