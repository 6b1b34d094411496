"""A process that is killed in the middle of a transaction leaves all of it or nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from medsettle_gateway.storage.sqlite.database import open_database
from tests.gateway.storage.stand import ROOT_KEY, SEALER, SqliteStand

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("committed", [1, 5, 12])
def test_a_killed_writer_leaves_whole_transactions_and_all_that_it_had_answered(
    tmp_path: Path, committed: int
) -> None:
    stand = SqliteStand(tmp_path)
    command = [sys.executable, "-m", "tests.gateway.storage.writer_process", str(stand.path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        answered = [int(process.stdout.readline()) for _ in range(committed)]
        process.kill()
        answered += [int(line) for line in process.stdout if line.endswith("\n")]
    connection = open_database(stand.path, SEALER, root=ROOT_KEY)
    sales = connection.execute("SELECT number FROM sales ORDER BY number").fetchall()
    entries = connection.execute(
        "SELECT request_id, count(*) FROM entries GROUP BY request_id HAVING count(*) <> 50"
    ).fetchall()
    (entry_count,) = connection.execute("SELECT count(*) FROM entries").fetchone()
    connection.close()
    assert [number for (number,) in sales][: len(answered)] == answered
    assert len(sales) - len(answered) in {0, 1}
    assert entries == []
    assert entry_count == 50 * len(sales)
