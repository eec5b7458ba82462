"""The peer of the control socket: a REST service of the seed's endpoints, as FastAPI, SQLAlchemy and SQLite are used.

SEED_DATABASE=FILE SEED_FOLDER=FOLDER uvicorn seed_service:app --uds SOCKET

SQLite is set as Kotib's (WAL, synchronous=FULL), every query has its index, and searching is by FTS5 with the same
tokenizer. Endpoints are plain functions, which FastAPI runs in its pool of threads, as its documentation says for
blocking databases. As the seed did it does without revisions, limits and a real total: it has less to do.
"""

import datetime
import json
import os
import random
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException, UploadFile
from fastapi.responses import FileResponse
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, ConfigDict
from sqlalchemy import DDL, ForeignKey, String, bindparam, create_engine, delete, event, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

FOLDER = Path(os.environ.get("SEED_FOLDER", "."))
SECRET = "a secret of the benchmarks, 32 bytes and more"
TOKEN_LIFE = datetime.timedelta(minutes=43_200)
CODE_LIFE = datetime.timedelta(minutes=5)

# A connection for each of the pool's 40 threads: with SQLAlchemy's default of 5 they would be opened anew all the time.
engine = create_engine(
    f"sqlite:///{os.environ['SEED_DATABASE']}", pool_size=40, connect_args={"timeout": 30, "check_same_thread": False}
)
sessions = sessionmaker(engine, expire_on_commit=False)


@event.listens_for(engine, "connect")
def configure(connection: object, _: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    phone_number: Mapped[str] = mapped_column(String(20), unique=True)
    role: Mapped[str] = mapped_column(default="user")
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime.datetime] = mapped_column(default=now)


class Code(Base):
    __tablename__ = "otp_tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    phone_number: Mapped[str] = mapped_column(String(20), index=True)
    otp_code: Mapped[str] = mapped_column(String(6))
    expires_at: Mapped[datetime.datetime]
    is_used: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime.datetime] = mapped_column(default=now)


class Recording(Base):
    __tablename__ = "audio_records"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    file_name: Mapped[str]
    original_filename: Mapped[str]
    file_path: Mapped[str]
    file_size: Mapped[int]
    duration: Mapped[float | None]
    transcript_text: Mapped[str | None]
    transcription_status: Mapped[str] = mapped_column(default="pending")
    created_at: Mapped[datetime.datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime.datetime] = mapped_column(default=now, onupdate=now)


FTS = """CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    transcript_text, content='audio_records', content_rowid='id', tokenize='unicode61 remove_diacritics 2')"""
TRIGGERS = [
    """CREATE TRIGGER IF NOT EXISTS words_insert AFTER INSERT ON audio_records BEGIN
        INSERT INTO words(rowid, transcript_text) VALUES (NEW.id, NEW.transcript_text); END""",
    """CREATE TRIGGER IF NOT EXISTS words_delete AFTER DELETE ON audio_records BEGIN
        INSERT INTO words(words, rowid, transcript_text) VALUES ('delete', OLD.id, OLD.transcript_text); END""",
    """CREATE TRIGGER IF NOT EXISTS words_update AFTER UPDATE OF transcript_text ON audio_records BEGIN
        INSERT INTO words(words, rowid, transcript_text) VALUES ('delete', OLD.id, OLD.transcript_text);
        INSERT INTO words(rowid, transcript_text) VALUES (NEW.id, NEW.transcript_text); END""",
]
for statement in [FTS, *TRIGGERS]:
    event.listen(Base.metadata, "after_create", DDL(statement.replace("%", "%%")))
MATCH = text("audio_records.id IN (SELECT rowid FROM words WHERE words MATCH :q ORDER BY rowid DESC LIMIT :most)")


class PhoneRequest(BaseModel):
    phone_number: str


class CodeRequest(PhoneRequest):
    otp_code: str


class LoginBody(BaseModel):
    access_token: str
    token_type: str = "bearer"
    user_id: int
    phone_number: str
    role: str


class EditRequest(BaseModel):
    transcript_text: str


class RecordingBody(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    user_id: int
    file_name: str
    original_filename: str
    file_path: str
    file_size: int
    duration: float | None
    transcript_text: str | None
    transcription_status: str
    created_at: datetime.datetime
    updated_at: datetime.datetime


class ListBody(BaseModel):
    items: list[RecordingBody]
    total: int
    skip: int
    limit: int


class MessageBody(BaseModel):
    message: str


app = FastAPI(title="the seed's service", version="1")
bearer = OAuth2PasswordBearer(tokenUrl="api/v1/auth/verify_otp")


def session() -> Iterator[Session]:
    with sessions() as opened:
        yield opened


Database = Annotated[Session, Depends(session)]


def caller(token: Annotated[str, Depends(bearer)], database: Database) -> User:
    try:
        user = database.get(User, int(jwt.decode(token, SECRET, algorithms=["HS256"])["sub"]))
    except jwt.InvalidTokenError:
        user = None
    if user is None or not user.is_active:
        raise HTTPException(401, "Token yaroqsiz", {"WWW-Authenticate": "Bearer"})
    return user


Caller = Annotated[User, Depends(caller)]


@app.post("/api/v1/auth/send_otp")
def send_otp(body: PhoneRequest, database: Database) -> MessageBody:
    code = f"{random.randrange(1_000_000):06}"
    database.execute(delete(Code).where(Code.phone_number == body.phone_number, Code.expires_at < now()))
    database.add(Code(phone_number=body.phone_number, otp_code=code, expires_at=now() + CODE_LIFE))
    database.commit()
    line = {"to": body.phone_number, "text": f"Tasdiqlash kodi: {code}. 5 daqiqa ichida kiriting."}
    with (FOLDER / "sms.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    return MessageBody(message="OTP kodi yuborildi")


@app.post("/api/v1/auth/verify_otp")
def verify_otp(body: CodeRequest, database: Database) -> LoginBody:
    code = database.scalar(
        select(Code)
        .where(Code.phone_number == body.phone_number, Code.otp_code == body.otp_code)
        .where(Code.is_used.is_(False), Code.expires_at > now())
        .order_by(Code.id.desc())
        .limit(1)
    )
    if code is None:
        raise HTTPException(400, "Noto'g'ri yoki muddati o'tgan kod")
    code.is_used = True
    user = database.scalar(select(User).where(User.phone_number == body.phone_number))
    if user is None:
        user = User(phone_number=body.phone_number)
        database.add(user)
    database.commit()
    claims = {"sub": str(user.id), "exp": datetime.datetime.now(datetime.UTC) + TOKEN_LIFE}
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    return LoginBody(access_token=token, user_id=user.id, phone_number=user.phone_number, role=user.role)


def found(id: int, user: User, database: Session, sentence: str = "Audio yozuv topilmadi") -> Recording:
    recording = database.get(Recording, id)
    if recording is None or (user.role != "admin" and recording.user_id != user.id):
        raise HTTPException(404, sentence)
    return recording


@app.post("/api/v1/audio/upload")
def upload(file: UploadFile, user: Caller, database: Database) -> RecordingBody:
    ending = Path(file.filename or "").suffix.lower()
    if ending not in {".mp3", ".wav", ".m4a", ".flac"}:
        raise HTTPException(400, "Faqat .mp3, .wav, .m4a, .flac formatlar qo'llab-quvvatlanadi")
    path = FOLDER / (uuid.uuid4().hex + ending)
    with path.open("wb") as target:
        shutil.copyfileobj(file.file, target)
    recording = Recording(
        user_id=user.id,
        file_name=path.name,
        original_filename=file.filename,
        file_path=str(path),
        file_size=path.stat().st_size,
    )
    database.add(recording)
    database.commit()
    return RecordingBody.model_validate(recording)


@app.get("/api/v1/audio/list")
def list_recordings(
    user: Caller, database: Database, skip: int = 0, limit: int = 100, q: str | None = None
) -> ListBody:
    query = select(Recording).order_by(Recording.id.desc()).offset(skip).limit(limit)
    if user.role != "admin":
        query = query.where(Recording.user_id == user.id)
    if q:
        every_word = " ".join('"' + word.replace('"', '""') + '"' for word in q.split())
        most = skip + limit if user.role == "admin" else -1
        query = query.where(MATCH.bindparams(bindparam("q", every_word), bindparam("most", most)))
    items = [RecordingBody.model_validate(recording) for recording in database.scalars(query)]
    return ListBody(items=items, total=len(items), skip=skip, limit=limit)


@app.get("/api/v1/audio/{id}")
def get_recording(id: int, user: Caller, database: Database) -> RecordingBody:
    return RecordingBody.model_validate(found(id, user, database))


@app.put("/api/v1/audio/{id}")
def edit_recording(id: int, body: EditRequest, user: Caller, database: Database) -> RecordingBody:
    recording = found(id, user, database)
    recording.transcript_text = body.transcript_text
    database.commit()
    return RecordingBody.model_validate(recording)


@app.delete("/api/v1/audio/{id}")
def delete_recording(id: int, user: Caller, database: Database) -> MessageBody:
    recording = found(id, user, database, "Audio yozuv topilmadi yoki o'chirishda xatolik")
    Path(recording.file_path).unlink(missing_ok=True)
    database.delete(recording)
    database.commit()
    return MessageBody(message="Audio yozuv o'chirildi")


@app.get("/api/v1/audio/file/{id}")
def get_file(id: int, user: Caller, database: Database) -> FileResponse:
    recording = found(id, user, database)
    if not Path(recording.file_path).exists():
        raise HTTPException(404, "Audio yozuv topilmadi")
    return FileResponse(recording.file_path, filename=recording.original_filename)


Base.metadata.create_all(engine)
