"""Puts a file as programs that use paramiko do: sftp_client.py PORT USER KEY FILE NAME.

Once under its own name, in pieces; once under a temporary one, renamed by both kinds of rename.
"""

import sys

import paramiko

port, user, key, source, name = sys.argv[1:]
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect("127.0.0.1", int(port), user, key_filename=key, allow_agent=False, look_for_keys=False)
with client, client.open_sftp() as sftp, open(source, "rb") as recording:
    content = recording.read()
    with sftp.open(f"{name}-pieces.wav", "wb") as target:
        for start in range(0, len(content), 20000):
            target.write(content[start : start + 20000])
            target.flush()
    sftp.putfo(open(source, "rb"), f"{name}-link.wav.part")
    sftp.rename(f"{name}-link.wav.part", f"{name}-link.wav")
    sftp.putfo(open(source, "rb"), f".{name}-posix.wav.tmp")
    sftp.posix_rename(f".{name}-posix.wav.tmp", f"{name}-posix.wav")
