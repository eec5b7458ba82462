#!/usr/bin/env python3
"""Writes the manual page of a program that uses swift-argument-parser.

PROGRAM --experimental-dump-help | etc/setup/manual.py >docs/PROGRAM.1
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]


def escaped(text: str) -> str:
    """Text that roff shows as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def name_of(name: Node) -> str:
    return ("--" if name["kind"] == "long" else "-") + name["name"]


def bold(text: str) -> str:
    return f"\\fB{escaped(text)}\\fR"


def italic(text: str) -> str:
    return f"\\fI{escaped(text)}\\fR"


def shown(arguments: list[Node]) -> list[Node]:
    return [argument for argument in arguments if argument.get("shouldDisplay", True)]


def synopsis(argument: Node) -> str:
    if argument["kind"] == "positional":
        word = italic(argument["valueName"])
    else:
        word = bold(name_of(argument["preferredName"]))
        if argument["kind"] == "option":
            word += " " + italic(argument["valueName"])
    if argument["isRepeating"]:
        word += " ..."
    return f"[{word}]" if argument["isOptional"] else word


def described(argument: Node) -> Iterator[str]:
    """One argument with what it means."""
    if argument["kind"] == "positional":
        head = italic(argument["valueName"])
    else:
        head = ", ".join(bold(name_of(name)) for name in argument["names"])
        if argument["kind"] == "option":
            head += " " + italic(argument["valueName"])
    yield ".TP"
    yield head
    text = " ".join(filter(None, (argument.get("abstract"), argument.get("discussion"))))
    values = argument.get("allValues") or argument.get("allValueStrings") or []
    if values:
        text += " One of " + ", ".join(values) + "."
    if "defaultValue" in argument and argument["kind"] != "flag":
        text += f" Otherwise {argument['defaultValue']}."
    yield escaped(text.strip())


def leaves(command: Node, above: str = "") -> Iterator[tuple[str, Node]]:
    """The commands that do something, with their full names."""
    name = f"{above} {command['commandName']}".strip()
    below = [child for child in command.get("subcommands", []) if child["commandName"] != "help"]
    if not below:
        yield name, command
    for child in below:
        if child.get("shouldDisplay", True):
            yield from leaves(child, name)


def page(root: Node) -> Iterator[str]:
    program = root["commandName"]
    commands = list(leaves(root))
    every = [shown(command.get("arguments", [])) for _, command in commands]
    common = [argument for argument in every[0] if all(argument in arguments for arguments in every)]
    yield '.\\" Written by etc/setup/manual.py out of the help of the program itself: change that.'
    yield f'.TH {program.upper()} 1 "" Kotib "User commands"'
    yield ".SH NAME"
    abstract = root.get("abstract", "").rstrip(".")
    yield escaped(f"{program} - {abstract[:1].lower()}{abstract[1:]}")
    yield ".SH SYNOPSIS"
    yield f"{bold(program)} {italic('command')} [{italic('option')} ...] [{italic('argument')} ...]"
    yield ".SH DESCRIPTION"
    description, _, codes = root.get("discussion", "").partition("Exit codes: ")
    yield escaped(description.rstrip()).replace("\n\n", "\n.PP\n")
    yield ".SH COMMANDS"
    for (name, command), arguments in zip(commands, every):
        own = [argument for argument in arguments if argument not in common]
        yield f".SS {escaped(name.removeprefix(program).strip())}"
        yield " ".join([bold(name), *map(synopsis, own)])
        yield ".PP"
        parts = filter(None, (command.get("abstract"), command.get("discussion")))
        yield "\n.PP\n".join(escaped(part).replace("\n\n", "\n.PP\n") for part in parts)
        for argument in own:
            yield from described(argument)
    yield ".SH OPTIONS OF ALL COMMANDS"
    for argument in common:
        yield from described(argument)
    yield ".SH EXIT STATUS"
    yield "Those of sysexits.h, where it has one."
    for code, _, meaning in (entry.partition(" ") for entry in codes.rstrip(".").split("; ")):
        yield from (".TP", bold(code), escaped(meaning))


def main() -> None:
    print("\n".join(page(json.load(sys.stdin)["command"])))


main()
