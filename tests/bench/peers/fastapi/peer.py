"""The time and the client's address, by FastAPI."""

from datetime import datetime, timezone

from fastapi import FastAPI, Request
from pydantic import BaseModel

app = FastAPI()


class TimeAndAddress(BaseModel):
    timestamp: datetime
    ip: str


@app.get("/")
async def time_and_address(request: Request) -> TimeAndAddress:
    return TimeAndAddress(timestamp=datetime.now(timezone.utc), ip=request.client.host)
