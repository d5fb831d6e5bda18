#!/usr/bin/env python3
"""Runs OpenStack Swift, with the interface of Amazon S3, on loopback: one device in a folder, one replica.

    openstack_swift.py ROOT FOLDER BUCKET PORT…     five ports: the interface's, then account, container, object, memcached

ROOT is what scripts/openstack-swift has unpacked. FOLDER has `keys.json`, as SeaweedFS reads it; access keys are ACCOUNT:USER.
Once it answers and the bucket is there, `ready` is in FOLDER, beside `log`. It ends with its standard input, and at once.
"""
import ctypes
import getpass
import glob
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

SERVERS = ("account", "container", "object", "proxy")
# Filters of the proxy, in the order in which requests pass them.
FILTERS = ("catch_errors", "gatekeeper", "healthcheck", "cache", "s3api", "tempauth", "bulk", "slo")
# A server of Swift reads its hash's suffix and storage policies from /etc/swift, unless it is told so before it begins.
LAUNCH = """
import runpy, sys
from swift.common import utils
utils.set_swift_dir(sys.argv[1])
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
RING = """
import sys
from swift.common.ring import RingBuilder
builder = RingBuilder(4, 1, 1)
place = {"ip": "127.0.0.1", "port": int(sys.argv[2])}
builder.add_dev({"region": 1, "zone": 1, "device": "disk", "weight": 1, "replication_ip": place["ip"],
                 "replication_port": place["port"], **place})
builder.rebalance()
builder.get_ring().save(sys.argv[1])
"""


def section(title, /, **settings):
    return f"[{title}]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())


def keys(folder):
    """Of each identity: account, user, secret, and whether it may do everything."""
    for identity in json.loads((folder / "keys.json").read_text())["identities"]:
        for pair in identity["credentials"]:
            account, user = pair["accessKey"].split(":")
            yield account, user, pair["secretKey"], "Admin" in identity["actions"]


def configure(folder, ports):
    (folder / "disks/disk").mkdir(parents=True, exist_ok=True)
    (folder / "cache").mkdir(exist_ok=True)
    common = {
        "bind_ip": "127.0.0.1", "workers": 0, "user": getpass.getuser(), "swift_dir": folder, "log_level": "WARNING",
        "devices": folder / "disks", "mount_check": "false", "fallocate_reserve": 0,
        # A busy machine is no broken one: what a server waits for on this machine comes.
        "conn_timeout": 20, "node_timeout": 60, "client_timeout": 60, "container_update_timeout": 60,
        "recon_cache_path": folder / "cache"}
    (folder / "swift.conf").write_text(
        section("swift-hash", swift_hash_path_suffix="tests") + section("storage-policy:0", name="one", default="yes"))
    for server in SERVERS[:3]:
        (folder / f"{server}.conf").write_text(
            section("DEFAULT", bind_port=ports[server], **common) + section("pipeline:main", pipeline=f"{server}-server")
            + section(f"app:{server}-server", use=f"egg:swift#{server}"))
    settings = {name: {"use": f"egg:swift#{name}"} for name in FILTERS}
    settings["cache"] = {"use": "egg:swift#memcache", "memcache_servers": f"127.0.0.1:{ports['memcached']}"}
    settings["s3api"]["location"] = "us-east-1"
    for account, user, secret, may_all in keys(folder):
        settings["tempauth"][f"user_{account}_{user}"] = secret + (" .admin" if may_all else "")
    (folder / "proxy.conf").write_text(
        section("DEFAULT", bind_port=ports["proxy"], **common)
        + section("pipeline:main", pipeline=" ".join([*FILTERS, "proxy-server"]))
        + "".join(section(f"filter:{name}", **settings[name]) for name in FILTERS)
        # A server that did not answer a few times is not left alone.
        + section("app:proxy-server", use="egg:swift#proxy", account_autocreate="true", error_suppression_limit=1_000_000,
                  conn_timeout=20, node_timeout=60))


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ask(port, method, path, headers, body=None):
    """The status of the answer and its headers; 0 if there is none."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers
    except OSError:
        return 0, {}


def make_bucket(folder, port, bucket):
    """Whether there is one, which all that have keys may read."""
    users = list(keys(folder))
    account, user, secret, _ = next(one for one in users if one[3])
    status, headers = ask(port, "GET", "/auth/v1.0", {"X-Auth-User": f"{account}:{user}", "X-Auth-Key": secret})
    if status != 200:
        return False
    readers = ",".join(f"{account}:{user}" for account, user, _, _ in users)
    path, token = f"/v1/AUTH_{account}/{bucket}", {"X-Auth-Token": headers["X-Auth-Token"]}
    return ask(port, "PUT", path, {**token, "X-Container-Read": readers})[0] in (201, 202) \
        and ask(port, "PUT", f"/v1/AUTH_{account}/{bucket}-ready", token)[0] in (201, 202) \
        and ask(port, "PUT", f"/v1/AUTH_{account}/{bucket}-ready/ready", token, b"ready")[0] == 201 \
        and ask(port, "GET", f"/v1/AUTH_{account}/{bucket}-ready/ready", token)[0] == 200


def die_with_parent():
    # PR_SET_PDEATHSIG: also when this process is killed nothing of it goes on.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def main():
    root, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    ports = dict(zip(("proxy", "account", "container", "object", "memcached"), map(int, sys.argv[4:9])))
    log = (folder / "log").open("a")
    try:
        os.setxattr(folder, "user.swift", b"1")
    except OSError as error:
        log.write(f"{folder}: OpenStack Swift keeps what it knows of objects in attributes of files, and this file system takes "
                  f"none of users ({error.strerror}): let TMPDIR name a folder on ext4, XFS or Btrfs\n")
        sys.exit(77)
    environment = {
        **os.environ, "PYTHONPATH": str(root / "usr/lib/python3/dist-packages"), "PYTHONDONTWRITEBYTECODE": "",
        "LD_LIBRARY_PATH": ":".join(glob.glob(str(root / "usr/lib/*-linux-gnu")))}
    configure(folder, ports)
    for server in SERVERS[:3]:
        ring = folder / f"{server}.ring.gz"
        if not ring.exists():
            subprocess.run([sys.executable, "-c", RING, str(ring), str(ports[server])], env=environment, check=True,
                           stdout=log, stderr=log)
    commands = [[str(root / "usr/bin/memcached"), "-u", getpass.getuser(), "-l", "127.0.0.1", "-p", str(ports["memcached"]),
                 "-U", "0", "-m", "16"]]
    commands += [[sys.executable, "-c", LAUNCH, str(folder), str(root / f"usr/bin/swift-{server}-server"),
                  str(folder / f"{server}.conf"), "-v"] for server in SERVERS]
    running = [subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                                preexec_fn=die_with_parent) for command in commands]

    def end(status):
        for process in running:
            process.kill()
        for process in running:
            process.wait()
        os._exit(status)

    def end_with_input():
        sys.stdin.read()
        end(0)

    threading.Thread(target=end_with_input, daemon=True).start()
    while not all(map(is_open, ports.values())) or not make_bucket(folder, ports["proxy"], sys.argv[3]):
        if any(process.poll() is not None for process in running):
            end(1)
        time.sleep(0.1)
    (folder / "ready").touch()
    while True:
        signal.pause()


main()
