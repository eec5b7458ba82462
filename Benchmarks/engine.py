"""Transcription: the daemon over its bare engine, and the engine beside whisper-cli and faster-whisper.

"Bare" is kotib-worker alone, driven over its socket one recording after the other: what the daemon adds is
watching, settling, hashing, the catalog, the queue and the sidecar.
"""

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

from programs import BIN, DEPS, MODEL, SAMPLES, VAD_MODEL, kotibd, machine

RECORDINGS = ["jfk", "beckett", "two_cities", "endgame_nagg_nell"]
THREADS = str(min(4, os.cpu_count() or 1))


def seconds_of(path: Path) -> float:
    with wave.open(str(path)) as sound:
        return sound.getnframes() / sound.getframerate()


def make_twenty(folder: Path) -> list[Path]:
    """The samples five times over, each with a distinct silent tail so that no two are the same file."""
    files = []
    for number in range(20):
        name = RECORDINGS[number % len(RECORDINGS)]
        path = folder / f"{number:02}-{name}.wav"
        with wave.open(str(SAMPLES / f"{name}.wav")) as source, wave.open(str(path), "wb") as copy:
            copy.setparams(source.getparams())
            copy.writeframes(source.readframes(source.getnframes()))
            copy.writeframes(bytes(source.getsampwidth() * source.getnchannels() * (number + 1)))
        files.append(path)
    return files


def bare(files: list[Path]) -> tuple[float, float]:
    """Wall and CPU seconds of one kotib-worker for all files, model load included."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    worker = subprocess.Popen(
        [BIN / "kotib-worker", "transcribe", "--model", MODEL, "--vad-model", VAD_MODEL, "--threads", THREADS],
        stdin=theirs,
        # As kotibd starts it (WorkerProgram.transcriber).
        env={**os.environ, "OMP_NUM_THREADS": THREADS, "OMP_WAIT_POLICY": "passive"},
    )
    theirs.close()
    expect(ours, "ready")
    for number, path in enumerate(files):
        request = {"request": number, "container": "wav", "longestDuration": 43200}
        with path.open("rb") as file:
            socket.send_fds(ours, [json.dumps({"transcribe": {"_0": request}}).encode()], [file.fileno()])
        expect(ours, "transcribed")
    wall = time.perf_counter() - start
    ours.close()
    worker.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def expect(connection: socket.socket, name: str) -> None:
    while True:
        reply = json.loads(connection.recv(1 << 18))
        if name in reply:
            return
        if not {"progress", "segment"} & reply.keys():
            raise RuntimeError(f"the worker answered {reply}")


def through_daemon(files: list[Path]) -> tuple[float, float]:
    """Wall and CPU seconds, workers included, from the first file's drop to the last committed transcript."""
    with kotibd(engine="local") as program:
        inbox = program.inbox / "bench"
        inbox.mkdir()
        cpu = program.cpu()
        start = time.perf_counter()
        for path in files:
            shutil.copy(path, inbox)
        program.await_rows(len(files), "transcription_status = 'completed'")
        return time.perf_counter() - start - program.settle, program.cpu() - cpu


def command(arguments: list[str | Path], environment: dict[str, str] | None = None) -> tuple[float, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(
        arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def overhead(folder: Path) -> None:
    files = make_twenty(folder)
    total = sum(map(seconds_of, files))
    wall, cpu = bare(files)
    daemon_wall, daemon_cpu = through_daemon(files)
    print(f"  20 recordings, {total:.0f} s of audio")
    print(f"    kotib-worker alone    {wall:7.2f} s wall   {cpu:7.2f} s CPU")
    print(
        f"    through kotibd        {daemon_wall:7.2f} s wall   {daemon_cpu:7.2f} s CPU   "
        f"ratio {daemon_wall / wall:.3f} wall, {daemon_cpu / cpu:.3f} CPU"
    )


def long_recording(folder: Path) -> Path:
    """About ten minutes: the samples over and over, with pauses between them."""
    path = folder / "long.wav"
    with wave.open(str(path), "wb") as target:
        target.setparams((1, 2, 16000, 0, "NONE", ""))
        length = 0.0
        while length < 598:
            for name in RECORDINGS:
                converted = folder / f"{name}-16k.wav"
                if not converted.exists():
                    subprocess.run(
                        ["ffmpeg", "-v", "error", "-i", SAMPLES / f"{name}.wav", "-ar", "16000", "-ac", "1", converted],
                        check=True,
                    )
                with wave.open(str(converted)) as source:
                    target.writeframes(source.readframes(source.getnframes()))
                    length += source.getnframes() / 16000
                target.writeframes(bytes(2 * 16000 * 5))
                length += 5
    return path


FASTER = """
import sys
from faster_whisper import BatchedInferencePipeline, WhisperModel
model = WhisperModel(sys.argv[1], device="cpu", compute_type="int8", cpu_threads=int(sys.argv[3]))
if sys.argv[4] == "batched":
    segments, _ = BatchedInferencePipeline(model).transcribe(sys.argv[2], beam_size=5)
else:
    segments, _ = model.transcribe(sys.argv[2], beam_size=1, vad_filter=True)
for segment in segments:
    pass
"""


def beside_peers(path: Path) -> None:
    audio = seconds_of(path)
    cli = [DEPS / "whisper/bin/whisper-cli", "-m", MODEL, "-t", THREADS, "-bs", "1", "-bo", "1", "-l", "auto", "-f", path]
    python = os.environ.get("BENCH_PYTHON", sys.executable)
    faster = [python, "-c", FASTER, DEPS / "ct2-base", path, THREADS]
    results = {
        "kotib-worker": bare([path]),
        "whisper-cli": command(cli),
        "whisper-cli --vad": command(
            [*cli, "--vad", "--vad-model", VAD_MODEL], {**os.environ, "OMP_NUM_THREADS": THREADS}
        ),
        "faster-whisper, VAD": command([*faster, "sequential"]),
        "faster-whisper, batched, beam 5": command([*faster, "batched"]),
    }
    own = results["kotib-worker"][0]
    print(f"  {path.stem}, {audio:.0f} s of audio, whole process")
    for name, (wall, cpu) in results.items():
        print(
            f"    {name:32} {wall:7.2f} s wall ({wall / own:5.2f} x)   {cpu:7.2f} s CPU   real-time factor {wall / audio:.3f}"
        )


def main() -> None:
    print(f"engine ({machine()}; {MODEL.name}, {THREADS} threads)")
    with tempfile.TemporaryDirectory(prefix="kotib-bench-") as name:
        folder = Path(name)
        overhead(folder)
        for sample in ["jfk", "two_cities"]:
            beside_peers(SAMPLES / f"{sample}.wav")
        beside_peers(long_recording(folder))


if __name__ == "__main__":
    main()
