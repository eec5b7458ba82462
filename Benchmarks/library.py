"""Whether lists and searches stay as quick however many recordings there are: median times on the control socket.

library.py [RECORDINGS...]
"""

import sys
import tempfile
import time
from pathlib import Path
from shutil import rmtree
from urllib.parse import quote

from catalogs import fill_kotib
from load import Client, Figures, client, request
from programs import kotibd, machine
from socket_api import SECTIONS, login
from texts import Texts

# So that each has a page full also of the fewest.
USERS = 40
SIZES = [1_000, 100_000, 1_000_000]
# Words that stand in so many recordings of any catalog, so that the answers are as long.
PLANTED = {"nodirso'z": 20, "rareword": 20}
LIMIT = 2.0


def queries(recordings: int) -> dict[str, str]:
    """Paths below audio/list by what they are called."""
    words = Texts().words["uz"]
    return {
        "newest page": "limit=20",
        "page in the middle": f"limit=20&before={recordings // 2}",
        "oldest page": "limit=20&before=21",
        "one user's": "limit=20&user=998900000007",
        "by state": "limit=20&status=completed",
        "by language": "limit=20&language=ru",
        "search, 20 found": "limit=20&q=" + quote("nodirso'z"),
        "search, two words, 20 found": "limit=20&q=" + quote("nodirso'z rareword"),
        "search, a beginning, 20 found": "limit=20&q=nodirs*",
        # These find more in a larger catalog; the newest 20 are shown.
        "search, a common word": "limit=20&q=" + quote(str(words[0])),
        "search, a beginning": "limit=20&q=" + quote(str(words[40])[:4] + "*"),
    }


def measure(driver: Client, recordings: int, seconds: float = 3) -> dict[str, Figures]:
    folder = Path(tempfile.mkdtemp(prefix="kotib-library-"))
    try:
        with kotibd(folder=folder, sections=SECTIONS):
            pass
        start = time.monotonic()
        fill_kotib(folder / "state" / "kotib.sqlite", recordings, USERS, PLANTED)
        size = (folder / "state" / "kotib.sqlite").stat().st_size
        print(f"  {recordings:9} recordings: {size / 2**20:.0f} MiB, filled in {time.monotonic() - start:.0f} s")
        with kotibd(folder=folder, sections=SECTIONS):
            path = folder / "state" / "kotib.sock"
            token = login(path, folder / "state" / "sms.jsonl")
            found = {}
            for name, query in queries(recordings).items():
                asked = [request("GET", "/api/v1/audio/list?" + query, token)]
                driver.drive(path, asked, 1, 0.5)
                found[name] = driver.drive(path, asked, 1, seconds)
            return found
    finally:
        rmtree(folder)


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    print(f"lists and searches on the control socket ({machine()}; one connection; medians, p99)")
    with client() as driver:
        results = {size: measure(driver, size) for size in sizes}
    for name, base in results[sizes[0]].items():
        print(f"  {name}")
        for size, found in results.items():
            one = found[name]
            ratio = one.p50 / base.p50
            remark = "" if ratio <= LIMIT else "   OVER THE LIMIT"
            remark += f"   {one.refused} refused" if one.refused else ""
            print(f"    {size:9} recordings {one.p50:8.3f} ms {one.p99:8.3f} ms   {ratio:.2f} ×{remark}")


if __name__ == "__main__":
    main()
