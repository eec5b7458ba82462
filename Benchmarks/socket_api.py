"""The control socket beside a FastAPI service of the same endpoints on the same data: requests a second, latency.

socket_api.py [RECORDINGS [SECONDS]]
"""

import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from catalogs import fill_kotib, fill_peer, phone
from load import Client, Figures, ask, client, request
from programs import kotibd, machine, seed_service
from texts import Texts

USERS = 2_000
CONNECTIONS = 32
ADMIN = phone(1)
SECTIONS = f"""
[accounts]
admins = ["{ADMIN}"]
codes_per_peer = 100000
codes_per_minute = 100000
messages_per_day = 1000000
"""


def code(path: Path, messages: Path, number: str) -> str:
    """Asks for a code and reads it from the file that the service writes messages to."""
    ask(path, "POST", "/api/v1/auth/send_otp", {"phone_number": number})
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        text = messages.read_text() if messages.exists() else ""
        for line in reversed(text.splitlines()[-100:]):
            if number in line:
                return re.search(r": ([0-9]{6})\b", line.partition('"text"')[2])[1]
        time.sleep(0.001)
    raise TimeoutError(f"no code for {number}")


def login(path: Path, messages: Path) -> str:
    """The admin's token."""
    body = {"phone_number": ADMIN, "otp_code": code(path, messages, ADMIN)}
    return ask(path, "POST", "/api/v1/auth/verify_otp", body)["access_token"]


def logins(path: Path, messages: Path) -> list[bytes]:
    """A login with a code of its own for each user but the admin."""
    return [
        request("POST", "/api/v1/auth/verify_otp", None, {
            "phone_number": phone(user), "otp_code": code(path, messages, phone(user)),
        })
        for user in range(2, USERS + 1)
    ]


def figures(driver: Client, path: Path, messages: Path, recordings: int, seconds: float) -> dict[str, Figures]:
    token = login(path, messages)
    texts = Texts(11)
    asked = {
        "list": [request("GET", f"/api/v1/audio/list?skip={20 * page}&limit=20", token) for page in range(10)],
        "get": [
            request("GET", f"/api/v1/audio/{number * 7919 % recordings + 1}", token) for number in range(1000)
        ],
        "search": [
            request("GET", "/api/v1/audio/list?limit=20&q=" + quote(words), token) for words in texts.searches(500)
        ],
    }
    found = {}
    for name, requests in asked.items():
        driver.drive(path, requests, CONNECTIONS, min(1, seconds))
        found[name] = driver.drive(path, requests, CONNECTIONS, seconds)
    found["verify"] = driver.drive(path, logins(path, messages), CONNECTIONS, 0)
    return found


def report(results: dict[str, dict[str, Figures]]) -> None:
    ours = results["kotibd"]
    for kind in ours:
        print(f"  {kind}")
        for name, found in results.items():
            one, base = found[kind], ours[kind]
            ratios = f"({one.rate / base.rate:.2f} ×, {one.p99 / base.p99:.2f} ×)"
            refused = f"   {one.refused} refused" if one.refused else ""
            print(
                f"    {name:24} {one.rate:9.0f} requests/s   p50 {one.p50:8.2f} ms   p99 {one.p99:8.2f} ms   "
                f"{ratios}   {one.bytes / one.requests:7.0f} bytes each{refused}"
            )


def main() -> None:
    recordings = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 10
    print(f"control socket ({machine()}; {recordings} recordings, {CONNECTIONS} connections)")
    folder = Path(tempfile.mkdtemp(prefix="kotib-socket-"))
    results = {}
    try:
        with client() as driver:
            results["kotibd"] = measure_kotibd(driver, folder, recordings, seconds)
            with seed_service(folder, 1):
                pass
            fill_peer(folder / "peer.sqlite", recordings, USERS, {})
            for processes in (1, 2):
                (folder / "sms.jsonl").unlink(missing_ok=True)
                with seed_service(folder, processes) as path:
                    name = f"FastAPI, {processes} process" + ("es" if processes > 1 else "")
                    results[name] = figures(driver, path, folder / "sms.jsonl", recordings, seconds)
    finally:
        shutil.rmtree(folder)
    report(results)


def measure_kotibd(driver: Client, folder: Path, recordings: int, seconds: float) -> dict[str, Figures]:
    with kotibd(folder=folder, sections=SECTIONS):
        pass
    state = folder / "state"
    fill_kotib(state / "kotib.sqlite", recordings, USERS, {})
    for user in range(1, USERS + 1):
        (folder / "inbox" / phone(user)[1:]).mkdir()
    with kotibd(folder=folder, sections=SECTIONS):
        return figures(driver, state / "kotib.sock", state / "sms.jsonl", recordings, seconds)


if __name__ == "__main__":
    main()
