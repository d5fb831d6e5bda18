#!/usr/bin/env python3
"""Networks for tests of remote stores, on one machine and without rights.

    network.py tls TARGET CERTIFICATE KEY    stands before port TARGET and speaks TLS; a proxy for CONNECT, too
    network.py proxy TARGET                  a proxy that takes every host for port TARGET
    network.py unconditional TARGET          stands before port TARGET and refuses to put anything under conditions
    network.py apart TARGET COMMAND…         runs a command in a network of its own, from which only port TARGET can be reached

All but `apart` print their port, and end with their standard input. After it they print a line for each request to a proxy
(`connect HOST:PORT`, or its method and URL), or that was refused (`refused PATH`).
`apart` exits with the command's status, or with 77 where the system gives no such network.
"""
import fcntl
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading


def pump(source, target):
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def join(client, server):
    threading.Thread(target=pump, args=(client, server), daemon=True).start()
    pump(server, client)


def serve(listener, connected):
    def accept():
        while True:
            client, _ = listener.accept()
            threading.Thread(target=connected, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def listen(port=0):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(64)
    return listener


def tls(target, certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def connected(client):
        if client.recv(8, socket.MSG_PEEK | socket.MSG_WAITALL) == b"CONNECT ":
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            print("connect", head.split()[1].decode(), flush=True)
            client.sendall(b"HTTP/1.1 200 yes\r\n\r\n")
        try:
            secure = context.wrap_socket(client, server_side=True)
        except (OSError, ssl.SSLError):
            return client.close()
        join(secure, socket.create_connection(("127.0.0.1", target)))

    listener = listen()
    serve(listener, connected)
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


def pass_on(target, change):
    """Passes requests on, one to a connection. `change` is given a request's first line and the names of its headers, and
    returns what its first line becomes; or the answer, if there is no use in passing it on."""
    def connected(client):
        with client, client.makefile("rb") as lines, socket.create_connection(("127.0.0.1", target)) as server:
            first, head, names, length = lines.readline(), b"", set(), 0
            while (line := lines.readline()) not in (b"\r\n", b""):
                name, value = line.split(b":", 1)
                names.add(name.lower())
                if name.lower() == b"content-length":
                    length = int(value)
                if not name.lower().startswith((b"connection", b"proxy-")):
                    head += line
            body = lines.read(length)
            changed = change(first, names)
            if changed.startswith(b"HTTP/"):
                return client.sendall(changed + b"Connection: close\r\n\r\n")
            server.sendall(changed + head + b"Connection: close\r\n\r\n" + body)
            while data := server.recv(1 << 16):
                client.sendall(data)

    listener = listen()
    serve(listener, connected)
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


def to_origin(first, _):
    method, url, version = first.split()
    print(method.decode().lower(), url.decode(), flush=True)
    return b" ".join((method, b"/" + url.split(b"/", 3)[3], version)) + b"\r\n"


def without_conditions(first, names):
    if not first.startswith(b"PUT ") or b"if-none-match" not in names:
        return first
    print("refused", first.split()[1].decode(), flush=True)
    return b"HTTP/1.1 501 no\r\nContent-Length: 0\r\n"


def apart(target, command):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen(64)
        serve(listener, lambda client: join(client, socket.create_connection(("127.0.0.1", target))))
        if subprocess.run(["unshare", "-rn", "true"], stderr=subprocess.DEVNULL).returncode != 0:
            sys.exit(77)
        inside = [sys.executable, __file__, "inside", str(target), path, *command]
        sys.exit(subprocess.run(["unshare", "-rn", *inside]).returncode)


def inside(target, path, command):
    # A new network has a loopback that is down: SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(any_socket, 0x8913, request))[1]
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", flags | 1))

    def connected(client):
        server = socket.socket(socket.AF_UNIX)
        server.connect(path)
        join(client, server)

    serve(listen(target), connected)
    sys.exit(subprocess.run(command).returncode)


kind, target, *rest = sys.argv[1:]
if kind == "tls":
    tls(int(target), *rest)
elif kind == "proxy":
    pass_on(int(target), to_origin)
elif kind == "unconditional":
    pass_on(int(target), without_conditions)
elif kind == "apart":
    apart(int(target), rest)
else:
    inside(int(target), rest[0], rest[1:])
