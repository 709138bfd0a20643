"""The time and the client's address, by Flask."""

from datetime import datetime, timezone

from flask import Flask, request

app = Flask(__name__)


@app.get("/")
def time_and_address():
    return {"timestamp": datetime.now(timezone.utc).isoformat(), "ip": request.remote_addr}
