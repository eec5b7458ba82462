"""What Kotib costs when nothing happens: processor time over a minute, and memory, also with 10,000 folders."""

import sys
import time

from programs import Program, kotibd, machine


def report(label: str, program: Program, seconds: int) -> float:
    while program.log.read_text().count("worker ready") < 2:
        time.sleep(0.1)
    before, all_before = program.cpu(with_children=False), program.cpu()
    time.sleep(seconds)
    used, all_used = program.cpu(with_children=False) - before, program.cpu() - all_before
    anonymous, resident = program.memory("RssAnon"), program.memory("VmRSS")
    print(
        f"  {label:28} {used:5.2f} CPU s in {seconds} s ({all_used:.2f} with workers)   RssAnon {anonymous:6.1f} MiB   RSS {resident:6.1f} MiB"
    )
    return anonymous


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    folders = 10_000
    print(f"idle ({machine()}; kotibd without its workers)")
    with kotibd(engine="local") as program:
        few = report("empty inbox", program, seconds)
    with kotibd(engine="local") as program:
        for number in range(folders):
            (program.inbox / f"user{number}").mkdir()
        (program.inbox / "user0" / "probe.jpg").write_bytes(b"probe")
        note = program.inbox / "user0" / "probe.jpg.rejected.txt"
        while not note.exists():
            time.sleep(0.05)
        many = report(f"{folders} folders watched", program, seconds)
    print(f"  a folder costs {(many - few) * 1024 / folders:.2f} KiB")


if __name__ == "__main__":
    main()
