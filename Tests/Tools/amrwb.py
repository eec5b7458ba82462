"""Codes speech as AMR-WB, which neither FFmpeg nor SoX of Debian does: amrwb.py < PCM > FILE.amr

PCM is 16 kHz, mono, 16 bits, little-endian. Debian's libvo-amrwbenc0 (enc_if.h) does the work.
"""
import ctypes
import sys

FRAME = 320 * 2  # bytes of 20 ms
MODE = 2  # 12.65 kbit/s, what telephones use

library = ctypes.CDLL("libvo-amrwbenc.so.0")
library.E_IF_init.restype = ctypes.c_void_p
library.E_IF_encode.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
state = library.E_IF_init()
frame = ctypes.create_string_buffer(64)
sys.stdout.buffer.write(b"#!AMR-WB\n")
while len(pcm := sys.stdin.buffer.read(FRAME)) == FRAME:
    size = library.E_IF_encode(state, MODE, pcm, frame, 0)
    sys.stdout.buffer.write(frame.raw[:size])
