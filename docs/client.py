#!/usr/bin/env python3
"""Logs in, uploads a recording, waits and prints its words: client.py SOCKET PHONE FILE"""

import http.client
import json
import os
import secrets
import socket
import sys


class Kotib(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(sys.argv[1])


def call(method, path, body=None, **headers):
    connection = Kotib("kotib")
    connection.request(method, "/api/v1/" + path, body, {k.replace("_", "-"): v for k, v in headers.items()})
    response = connection.getresponse()
    if response.status >= 400:
        sys.exit(json.load(response)["detail"])
    return response


def post(path, value):
    return json.load(call("POST", path, json.dumps(value), Content_Type="application/json"))


phone, name = sys.argv[2], os.path.basename(sys.argv[3]).replace('"', "%22")
post("auth/send_otp", {"phone_number": phone})
login = post("auth/verify_otp", {"phone_number": phone, "otp_code": input("The code that you were sent: ")})
token = {"Authorization": "Bearer " + login["access_token"]}

events = call("GET", "events", **token)  # before the upload, so that nothing of it is missed
boundary = secrets.token_hex(16)
with open(sys.argv[3], "rb") as file:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    form = head.encode() + file.read() + f"\r\n--{boundary}--\r\n".encode()
kind = f"multipart/form-data; boundary={boundary}"
recording = json.load(call("POST", "audio/upload", form, Content_Type=kind, **token))

while recording["transcription_status"] in ("pending", "processing"):
    line = events.readline() or sys.exit("The daemon has ended.")
    if line.startswith(b"data:") and json.loads(line[5:]).get("id", recording["id"]) == recording["id"]:
        recording = json.load(call("GET", f"audio/{recording['id']}", **token))
print(recording["transcript_text"] or sys.exit(recording["error_message"]))
