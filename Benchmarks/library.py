"""Whether lists and searches stay as quick however many recordings there are: median times on the control socket.

library.py [RECORDINGS...]
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from shutil import rmtree
from statistics import median
from urllib.parse import quote

from catalogs import FIRST, fill_kotib, kotib_time
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
ROUNDS = 3
QUARTER = timedelta(minutes=15)


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
        # These read what they narrow, or pass over.
        "a quarter of an hour": f"limit=20&from={kotib_time(FIRST)}&until={kotib_time(FIRST + QUARTER)}",
        "of one user in that time":
            f"limit=20&user=998900000007&from={kotib_time(FIRST)}&until={kotib_time(FIRST + QUARTER)}",
        "by length": "limit=20&max_duration=13",
        "nine tenths skipped": f"limit=20&skip={recordings * 9 // 10}",
    }


@contextmanager
def catalog(recordings: int) -> Iterator[tuple[Path, str]]:
    """The socket of a daemon with so many recordings, and an admin's token."""
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
            yield path, login(path, folder / "state" / "sms.jsonl")
    finally:
        rmtree(folder)


def measure(driver: Client, daemons: dict[int, tuple[Path, str]], name: str) -> dict[int, tuple[float, float]]:
    """Medians of p50 and p99 in milliseconds. By turns, so that all sizes share what else the machine does."""
    found: dict[int, list[Figures]] = {size: [] for size in daemons}
    for _ in range(ROUNDS):
        for size, (path, token) in daemons.items():
            asked = [request("GET", "/api/v1/audio/list?" + queries(size)[name], token)]
            driver.drive(path, asked, 1, 0.2)
            figures = driver.drive(path, asked, 1, 1)
            if figures.refused:
                raise RuntimeError(f"{name}: {figures.refused} requests were refused")
            found[size].append(figures)
    return {size: (median(one.p50 for one in all), median(one.p99 for one in all)) for size, all in found.items()}


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    print(f"lists and searches on the control socket ({machine()}; one connection; median, p99)")
    with client() as driver, ExitStack() as stack:
        daemons = {size: stack.enter_context(catalog(size)) for size in sizes}
        for name in queries(sizes[0]):
            print(f"  {name}", flush=True)
            found = measure(driver, daemons, name)
            for size, (p50, p99) in found.items():
                ratio = p50 / found[sizes[0]][0]
                remark = "" if ratio <= LIMIT else "   OVER THE LIMIT"
                print(f"    {size:9} recordings {p50:8.3f} ms {p99:8.3f} ms   {ratio:.2f} ×{remark}")


if __name__ == "__main__":
    main()
