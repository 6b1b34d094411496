"""Tables as operators have them: CSV in UTF-8 with or without a byte order mark, or in GB18030.

A table is read twice: once to find every fault, once to enter it. So nothing of a faulty file is
ever entered, and no file has to fit into memory.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from medsettle_gateway.domain.register import Fault
from medsettle_gateway.files.cells import CellError

FAULTS_MOST: Final = 10_000
"""Faults that are listed; of a file with more, the reading stops there."""

_CHUNK_BYTES: Final = 1_048_576
_ENCODINGS: Final = ("utf-8-sig", "gb18030")
_COLUMN: Final = re.compile(r"[a-z_]{1,40}")
"""What is repeated of a header: where the first row is no header, it may hold anything of a person."""
_WIDE: Final = re.compile("[\uff01-\uff5e\u3000]")
_WRITE_NARROW: Final = (";其中有全角字符,请改为半角", "; it holds wide characters (全角): write narrow ones")

Record = TypeVar("Record")
Cells = Mapping[str, Any]


class TableError(Exception):
    """A table cannot be entered. ``faults`` has at least one, in the order of lines."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        """Carries all that was found."""
        super().__init__(f"{len(faults)} faults, the first on line {faults[0].line}: {faults[0].en}")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Columns(Generic[Record]):
    """What a table's columns hold, and how a row of read cells becomes a record.

    ``build`` may raise CellError for what two cells say together; ``key`` names the columns that no
    two rows share, of those that the table has. A column of ``optional`` may be left out: ``build`` then gets
    no value of it, which is not the same as that of an empty cell.
    """

    readers: Mapping[str, Callable[[str], Any]]
    build: Callable[[Cells], Record]
    key: tuple[str, ...]
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table(Generic[Record]):
    """One file and what its columns hold. ``progress`` is told of the bytes read so far."""

    path: Path
    columns: Columns[Record]
    bytes_most: int
    rows_most: int

    def check(self, progress: Callable[[int], None] = lambda _: None) -> int:
        """Returns the number of rows. Raises TableError with every fault of the file."""
        faults: list[Fault] = []
        first_lines: dict[tuple[Any, ...], int] = {}
        count = 0
        for line, cells in self._lines(progress):
            count += 1
            faults += self._faults_of(line, cells, first_lines)
            if len(faults) >= FAULTS_MOST:
                break
        if not count:
            faults.append(Fault(1, "文件没有数据行", "the file has no rows"))
        if faults:
            raise TableError(tuple(faults[:FAULTS_MOST]))
        return count

    def rows(self, progress: Callable[[int], None] = lambda _: None) -> Iterator[tuple[int, Record]]:
        """Yields each record with its line. Raises TableError at the first fault: check first."""
        for line, cells in self._lines(progress):
            values, faults = self._read(line, cells)
            if faults:
                raise TableError(tuple(faults))
            try:
                yield line, self.columns.build(values)
            except CellError as error:
                raise TableError((Fault(line, error.zh, error.en),)) from error

    def good_rows(self) -> Iterator[tuple[int, Record]]:
        """Yields the records of those rows that can be read, of a file with faults: to look at them too."""
        for line, cells in self._lines(lambda _: None):
            values, faults = self._read(line, cells)
            if not faults:
                with suppress(CellError):
                    yield line, self.columns.build(values)

    def _faults_of(
        self, line: int, cells: Mapping[str, str] | None, first_lines: dict[tuple[Any, ...], int]
    ) -> list[Fault]:
        values, faults = self._read(line, cells)
        if faults:
            return faults
        try:
            self.columns.build(values)
        except CellError as error:
            return [Fault(line, error.zh, error.en)]
        key = {name: values[name] for name in self.columns.key if name in values}
        first = first_lines.setdefault(tuple(key.values()), line)
        if first == line:
            return []
        names = ", ".join(key)
        return [Fault(line, f"{names} 与第{first}行重复", f"{names} stands on line {first} already")]

    def _read(self, line: int, cells: Mapping[str, str] | None) -> tuple[dict[str, Any], list[Fault]]:
        if cells is None:
            return {}, [Fault(line, "列数与表头不符", "the number of cells is not that of the header")]
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        for name, cell in cells.items():
            try:
                values[name] = self.columns.readers[name](cell)
            except CellError as error:
                more_zh, more_en = _WRITE_NARROW if _WIDE.search(cell) else ("", "")
                faults.append(Fault(line, f"{name} {error.zh}{more_zh}", f"{name} {error.en}{more_en}"))
        return values, faults

    def _lines(self, progress: Callable[[int], None]) -> Iterator[tuple[int, dict[str, str] | None]]:
        """Yields each row that is not empty, by column, with its first line.

        A row with another number of cells than the header comes as None.
        """
        encoding = encoding_of(self.path, self.bytes_most)
        with self.path.open("rb") as raw, io.TextIOWrapper(raw, encoding, newline="") as file:
            reader = csv.reader(file, strict=True)
            try:
                header = self._header(next(reader, []))
                for count, (line, cells) in enumerate(_numbered(reader), 1):
                    self._within_rows(line, count)
                    progress(raw.tell())
                    fits = len(cells) == len(header)
                    yield line, dict(zip(header, cells, strict=True)) if fits else None
            except csv.Error as error:
                zh, en = "引号或分隔符不正确", f"not well-formed CSV: {error}"
                raise TableError((Fault(reader.line_num, zh, en),)) from error

    def _header(self, cells: list[str]) -> list[str]:
        header = [name.strip() for name in cells]
        optional = self.columns.optional
        wanted = [name for name in self.columns.readers if name not in optional or name in header]
        if sorted(header) != sorted(wanted):
            raise TableError((self._wrong_header(header),))
        return header

    def _wrong_header(self, header: list[str]) -> Fault:
        optional = self.columns.optional
        required = [name for name in self.columns.readers if name not in optional]
        listed = ",".join(required)
        zh, en = f"表头应为:{listed}", f"the header must be: {listed}"
        missing = [name for name in required if name not in header]
        if len(missing) < len(required):  # else it is another table, or none
            odd = _odd_columns(header, self.columns.readers)
            zh = f"第 {odd} 列不认识或重复;{zh}" if odd else zh
            en = f"not known, or there twice: column {odd}; {en}" if odd else en
            zh = f"缺少 {', '.join(missing)};{zh}" if missing else zh
            en = f"{', '.join(missing)} missing; {en}" if missing else en
        if optional:
            more = ",".join(optional)
            zh, en = f"{zh};可另有:{more}", f"{en}; there may be: {more}"
        return Fault(1, zh, en)

    def _within_rows(self, line: int, count: int) -> None:
        if count > self.rows_most:
            zh, en = f"超过 {self.rows_most} 行", f"the file has more than {self.rows_most} rows"
            raise TableError((Fault(line, zh, en),))


def _odd_columns(header: list[str], known: Collection[str]) -> str:
    """Which columns are not known, or stand there once more, by their places."""
    return ", ".join(
        f"{place + 1} ({name})" if _COLUMN.fullmatch(name) else str(place + 1)
        for place, name in enumerate(header)
        if name not in known or name in header[:place]
    )


def encoding_of(path: Path, bytes_most: int) -> str:
    """Returns the first encoding in which the whole file can be read.

    Raises TableError if there is none, if the file cannot be opened, or if it is too large.
    """
    decoders = {name: codecs.getincrementaldecoder(name)() for name in _ENCODINGS}
    size_bytes = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                size_bytes += len(chunk)
                if size_bytes > bytes_most:
                    zh, en = f"文件超过 {bytes_most} 字节", f"the file is larger than {bytes_most} bytes"
                    raise TableError((Fault(1, zh, en),))
                decoders = {name: each for name, each in decoders.items() if _decodes(each, chunk)}
    except OSError as error:
        zh, en = f"无法读取文件({error.strerror})", f"the file cannot be read ({error.strerror})"
        raise TableError((Fault(1, zh, en),)) from error
    for name, decoder in decoders.items():
        if _decodes(decoder, b"", final=True):
            return name
    zh, en = "文件既不是 UTF-8 也不是 GB18030 编码", "the file is neither in UTF-8 nor in GB18030"
    raise TableError((Fault(1, zh, en),))


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        return "\0" not in decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False


def _numbered(reader: Any) -> Iterator[tuple[int, list[str]]]:  # noqa: ANN401 - csv names no type for it
    """Yields each row that is not empty with its first line, its cells without space around them."""
    line = reader.line_num + 1
    for row in reader:
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield line, cells
        line = reader.line_num + 1
