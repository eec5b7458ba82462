#!/usr/bin/python3
"""Converts a Whisper model from CTranslate2's format to the ggml format of whisper.cpp.

convert_ct2.py FOLDER FILE

FOLDER holds CTranslate2's model.bin, of 16 or 32 bit floats, and vocabulary.txt. The result is, bit for bit,
what whisper.cpp's own models/convert-pt-to-ggml.py makes of OpenAI's checkpoint.
"""

import math
import mmap
import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SAMPLE_RATE = 16000  # Hz; this and the next from whisper/audio.py
FFT_SIZE = 400
TEXT_TOKENS = 50257  # of the multilingual vocabulary, without the special ones
GGML_MAGIC = 0x67676D6C
GGML_FLOAT, GGML_HALF = 0, 1  # ggml_type

# CTranslate2's DataType (include/ctranslate2/types.h), as struct formats. Quantized models are not for here.
FORMATS = {0: "f", 4: "e"}


@dataclass
class Tensor:
    shape: tuple[int, ...]
    format: str
    data: memoryview

    def rows(self, start: int, end: int) -> "Tensor":
        """A part along the first dimension."""
        row = len(self.data) // self.shape[0]
        return Tensor((end - start, *self.shape[1:]), self.format, self.data[start * row : end * row])

    def values(self) -> tuple[float, ...]:
        return struct.unpack(f"<{math.prod(self.shape)}{self.format}", self.data)

    def stored_as(self, format: str) -> bytes | memoryview:
        if format == self.format:
            return self.data
        return struct.pack(f"<{math.prod(self.shape)}{format}", *self.values())


Named = tuple[str, Tensor]


class Model:
    """The variables of a model.bin, versions 4 to 6 of the format (ctranslate2/specs/model_spec.py)."""

    def __init__(self, path: Path) -> None:
        with open(path, "rb") as file:
            self.bytes = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        self.offset = 0
        version = self.number("I")
        if not 4 <= version <= 6:
            raise SystemExit(f"{path}: version {version} of the format is not known")
        name = self.name()
        if name != "WhisperSpec":
            raise SystemExit(f"{path}: a model of the kind {name}, not Whisper")
        self.number("I")  # the specification's revision
        self.variables = {}
        for _ in range(self.number("I")):
            name = self.name()
            self.variables[name] = self.variable(name)
        for _ in range(self.number("I")):
            alias, target = self.name(), self.name()
            self.variables[alias] = self.variables[target]
        if self.offset != len(self.bytes):
            raise SystemExit(f"{path}: {len(self.bytes) - self.offset} bytes too many")

    def variable(self, name: str) -> Tensor:
        shape = tuple(self.number("I") for _ in range(self.number("B")))
        kind, size = self.number("B"), self.number("I")
        data = self.bytes[self.offset : self.offset + size]
        self.offset += size
        # Small whole numbers, such as the count of heads, are read by hyperparameter() and have other types.
        return Tensor(shape, FORMATS.get(kind, ""), data)

    def number(self, format: str) -> int:
        (value,) = struct.unpack_from("<" + format, self.bytes, self.offset)
        self.offset += struct.calcsize("<" + format)
        return value

    def name(self) -> str:
        length = self.number("H")  # the closing NUL is counted
        text = bytes(self.bytes[self.offset : self.offset + length - 1]).decode()
        self.offset += length
        return text

    def hyperparameter(self, name: str) -> int:
        return int.from_bytes(self.variables[name].data, "little")

    def layers(self, side: str) -> int:
        layers = {name.split("/")[1] for name in self.variables if name.startswith(f"{side}/layer_")}
        return len(layers - {"layer_norm"})

    def __getitem__(self, name: str) -> Tensor:
        tensor = self.variables[name]
        if not tensor.format:
            raise SystemExit(f"{name} is quantized; only models of 16 or 32 bit floats can be converted")
        return tensor


def mel_filters(count: int) -> bytes:
    """The filters of whisper/assets/mel_filters.npz: librosa.filters.mel's, with Slaney's scale and norm."""
    hertz_per_mel = 200.0 / 3
    log_from = 1000.0  # Hz; linear below
    mel_from = log_from / hertz_per_mel
    log_step = math.log(6.4) / 27.0

    def hertz(mel: float) -> float:
        return log_from * math.exp(log_step * (mel - mel_from)) if mel >= mel_from else hertz_per_mel * mel

    top = mel_from + math.log(SAMPLE_RATE / 2 / log_from) / log_step
    edges = [hertz(top / (count + 1) * index) for index in range(count + 1)] + [hertz(top)]
    bins = [bin * (SAMPLE_RATE / FFT_SIZE) for bin in range(FFT_SIZE // 2 + 1)]
    weights = []
    for low, peak, high in zip(edges, edges[1:], edges[2:]):
        norm = 2.0 / (high - low)
        for frequency in bins:
            triangle = max(0.0, min((frequency - low) / (peak - low), (high - frequency) / (high - peak)))
            # librosa rounds to 32 bits before it norms.
            weights.append(struct.unpack("<f", struct.pack("<f", triangle))[0] * norm)
    return struct.pack(f"<2i{len(weights)}f", count, len(bins), *weights)


def tokens(folder: Path) -> list[bytes]:
    """The text tokens in the order of their numbers. GPT-2 writes each byte as a printable character."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = (byte for byte in range(256) if byte not in printable)
    byte_of = {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}
    # By line feeds alone: some tokens hold other characters that Unicode counts as line ends.
    lines = (folder / "vocabulary.txt").read_bytes().decode().split("\n")
    return [bytes(byte_of[character] for character in line) for line in lines[:TEXT_TOKENS]]


def tensors(model: Model) -> Iterator[Named]:
    """ggml's names with CTranslate2's tensors, in the order of OpenAI's checkpoints."""

    def pair(name: str, source: str, weight: str = "weight", bias: str = "bias") -> Iterator[Named]:
        yield f"{name}.weight", model[f"{source}/{weight}"]
        yield f"{name}.bias", model[f"{source}/{bias}"]

    def norm(name: str, source: str) -> Iterator[Named]:
        return pair(name, source, "gamma", "beta")

    def attention(name: str, source: str, fused: list[tuple[str, list[str]]]) -> Iterator[Named]:
        """CTranslate2 stacks the projections of one input. Whisper's keys have no bias: it writes zeros."""
        for linear, parts in fused:
            weight, bias = model[f"{source}/{linear}/weight"], model[f"{source}/{linear}/bias"]
            size = weight.shape[0] // len(parts)
            for index, part in enumerate(parts):
                rows = index * size, (index + 1) * size
                yield f"{name}.{part}.weight", weight.rows(*rows)
                if part != "key":
                    yield f"{name}.{part}.bias", bias.rows(*rows)
                elif any(bias.rows(*rows).values()):
                    raise SystemExit(f"{source}: the bias of the keys is not zero")

    def block(name: str, source: str, crossed: bool) -> Iterator[Named]:
        yield from norm(f"{name}.mlp_ln", f"{source}/ffn/layer_norm")
        yield from pair(f"{name}.mlp.0", f"{source}/ffn/linear_0")
        yield from pair(f"{name}.mlp.2", f"{source}/ffn/linear_1")
        own = f"{source}/self_attention"
        yield from norm(f"{name}.attn_ln", f"{own}/layer_norm")
        fused = [("linear_0", ["query", "key", "value"]), ("linear_1", ["out"])]
        yield from attention(f"{name}.attn", own, fused)
        if crossed:
            other = f"{source}/attention"
            yield from norm(f"{name}.cross_attn_ln", f"{other}/layer_norm")
            fused = [("linear_0", ["query"]), ("linear_1", ["key", "value"]), ("linear_2", ["out"])]
            yield from attention(f"{name}.cross_attn", other, fused)

    yield "decoder.positional_embedding", model["decoder/position_encodings/encodings"]
    yield "encoder.positional_embedding", model["encoder/position_encodings/encodings"]
    yield "decoder.token_embedding.weight", model["decoder/embeddings/weight"]
    for layer in range(model.layers("decoder")):
        yield from block(f"decoder.blocks.{layer}", f"decoder/layer_{layer}", crossed=True)
    yield from norm("decoder.ln", "decoder/layer_norm")
    for conv in ("conv1", "conv2"):
        yield from pair(f"encoder.{conv}", f"encoder/{conv}")
    for layer in range(model.layers("encoder")):
        yield from block(f"encoder.blocks.{layer}", f"encoder/layer_{layer}", crossed=False)
    yield from norm("encoder.ln_post", "encoder/layer_norm")


def header(model: Model) -> bytes:
    """The magic number and whisper_hparams, in the order in which whisper.cpp reads them."""
    vocabulary, text_state = model["decoder/embeddings/weight"].shape
    if vocabulary < TEXT_TOKENS + 1608:  # the special tokens of the multilingual vocabulary
        raise SystemExit("an English-only model; get-model fetches those ready-made")
    audio_context, audio_state = model["encoder/position_encodings/encodings"].shape
    text_context = model["decoder/position_encodings/encodings"].shape[0]
    mels = model["encoder/conv1/weight"].shape[1]
    audio = audio_context, audio_state, model.hyperparameter("encoder/num_heads"), model.layers("encoder")
    text = text_context, text_state, model.hyperparameter("decoder/num_heads"), model.layers("decoder")
    return struct.pack("<12i", GGML_MAGIC, vocabulary, *audio, *text, mels, GGML_HALF) + mel_filters(mels)


def convert(folder: Path, target: Path) -> None:
    model = Model(folder / "model.bin")
    words = tokens(folder)
    with open(target, "wb") as file:
        file.write(header(model))
        file.write(struct.pack("<i", len(words)))
        for word in words:
            file.write(struct.pack("<i", len(word)) + word)
        for name, tensor in tensors(model):
            # Biases of convolutions are added to a matrix, one to each row.
            column = name.startswith("encoder.conv") and name.endswith("bias")
            shape = (*tensor.shape, 1) if column else tensor.shape
            full = len(tensor.shape) == 1 or name.endswith("positional_embedding")
            label = name.encode()
            file.write(struct.pack("<3i", len(shape), len(label), GGML_FLOAT if full else GGML_HALF))
            file.write(struct.pack(f"<{len(shape)}i", *reversed(shape)) + label)
            file.write(tensor.stored_as("f" if full else "e"))
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("Usage: convert_ct2.py FOLDER FILE")
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
